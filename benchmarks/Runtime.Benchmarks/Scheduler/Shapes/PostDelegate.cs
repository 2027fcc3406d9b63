using Runtime.Benchmarks.Queue;
using Runtime.Core;

namespace Runtime.Benchmarks.Scheduler.Shapes;

/// <summary>A delegate with a state from outside, fire and forget.</summary>
internal sealed class PostDelegate() : Shape("post_delegate", 10_000, repeats: 20)
{
    private static readonly Action<RoundCounter> Body = static counter => counter.Hit();

    public override void RunOn(AsyncRuntime runtime)
    {
        Counter.Reset(Operations);
        for (var i = 0; i < Operations; i++)
        {
            runtime.Post(Body, Counter);
        }

        Counter.Wait();
    }

    public override void RunOnPool()
    {
        Counter.Reset(Operations);
        for (var i = 0; i < Operations; i++)
        {
            ThreadPool.QueueUserWorkItem(Body, Counter, preferLocal: false);
        }

        Counter.Wait();
    }
}
