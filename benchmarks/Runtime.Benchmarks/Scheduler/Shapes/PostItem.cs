using Runtime.Benchmarks.Queue;
using Runtime.Core;

namespace Runtime.Benchmarks.Scheduler.Shapes;

/// <summary>The cheapest way in, from outside: objects that are queue nodes themselves, made once.</summary>
internal sealed class PostItem : Shape
{
    private readonly Item[] _items;
    private readonly PoolItem[] _poolItems;

    public PostItem()
        : base("post_item", 10_000, repeats: 20)
    {
        _items = [.. Enumerable.Range(0, Operations).Select(_ => new Item(Counter))];
        _poolItems = [.. Enumerable.Range(0, Operations).Select(_ => new PoolItem(Counter))];
    }

    public override void RunOn(AsyncRuntime runtime)
    {
        Counter.Reset(Operations);
        foreach (var item in _items)
        {
            runtime.Post(item);
        }

        Counter.Wait();
    }

    public override void RunOnPool()
    {
        Counter.Reset(Operations);
        foreach (var item in _poolItems)
        {
            ThreadPool.UnsafeQueueUserWorkItem(item, preferLocal: false);
        }

        Counter.Wait();
    }

    private sealed class Item(RoundCounter counter) : WorkItem
    {
        protected override void Execute() => counter.Hit();
    }

    private sealed class PoolItem(RoundCounter counter) : IThreadPoolWorkItem
    {
        public void Execute() => counter.Hit();
    }
}
