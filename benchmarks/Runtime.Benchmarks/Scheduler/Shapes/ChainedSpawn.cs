using Runtime.Core;

namespace Runtime.Benchmarks.Scheduler.Shapes;

/// <summary>Tokio's bench: a task spawns the next one, 1,000 deep; there is never more than one to run.</summary>
internal sealed class ChainedSpawn : Shape
{
    private readonly Func<CancellationToken, ValueTask> _link;
    private readonly Action _poolLink;

    // Links to go; written by one link after another.
    private int _left;

    // Set before a round.
    private AsyncRuntime? _runtime;

    public ChainedSpawn()
        : base("chained_spawn", 1_000, repeats: 100)
    {
        _link = token =>
        {
            if (--_left > 0)
            {
                _ = _runtime!.Spawn(_link!);
            }
            else
            {
                Countdown.Hit();
            }

            return default;
        };
        _poolLink = () =>
        {
            if (--_left > 0)
            {
                _ = Task.Run(_poolLink!);
            }
            else
            {
                Countdown.Hit();
            }
        };
    }

    public override void Prepare(AsyncRuntime? runtime)
    {
        _runtime = runtime;
        _left = Operations;
    }

    public override void RunOn(AsyncRuntime runtime)
    {
        Countdown.Reset(1);
        _ = runtime.Spawn(_link);
        Countdown.Wait();
    }

    public override void RunOnPool()
    {
        Countdown.Reset(1);
        _ = Task.Run(_poolLink);
        Countdown.Wait();
    }
}
