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
        _items = [.. Enumerable.Range(0, Operations).Select(_ => new Item(Countdown))];
        _poolItems = [.. Enumerable.Range(0, Operations).Select(_ => new PoolItem(Countdown))];
    }

    public override void RunOn(AsyncRuntime runtime)
    {
        Countdown.Reset(Operations);
        foreach (var item in _items)
        {
            runtime.Post(item);
        }

        Countdown.Wait();
    }

    public override void RunOnPool()
    {
        Countdown.Reset(Operations);
        foreach (var item in _poolItems)
        {
            ThreadPool.UnsafeQueueUserWorkItem(item, preferLocal: false);
        }

        Countdown.Wait();
    }

    private sealed class Item(Countdown countdown) : WorkItem
    {
        protected override void Execute() => countdown.Hit();
    }

    private sealed class PoolItem(Countdown countdown) : IThreadPoolWorkItem
    {
        public void Execute() => countdown.Hit();
    }
}
