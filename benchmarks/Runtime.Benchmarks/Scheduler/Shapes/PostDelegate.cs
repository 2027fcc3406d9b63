using Runtime.Core;

namespace Runtime.Benchmarks.Scheduler.Shapes;

/// <summary>A delegate with a state from outside, fire and forget.</summary>
internal sealed class PostDelegate() : Shape("post_delegate", 10_000, repeats: 20)
{
    private static readonly Action<Countdown> Body = static countdown => countdown.Hit();

    public override void RunOn(AsyncRuntime runtime)
    {
        Countdown.Reset(Operations);
        for (var i = 0; i < Operations; i++)
        {
            runtime.Post(Body, Countdown);
        }

        Countdown.Wait();
    }

    public override void RunOnPool()
    {
        Countdown.Reset(Operations);
        for (var i = 0; i < Operations; i++)
        {
            ThreadPool.QueueUserWorkItem(Body, Countdown, preferLocal: false);
        }

        Countdown.Wait();
    }
}
