using Runtime.Core;

namespace Runtime.Benchmarks.Scheduler.Shapes;

/// <summary>A task spawns all the others: the path that local queues are made for.</summary>
internal sealed class SpawnFromWorker : Shape
{
    private readonly Func<CancellationToken, ValueTask> _parent;
    private readonly Action _poolParent;

    // Set before a round.
    private AsyncRuntime? _runtime;

    public SpawnFromWorker()
        : base("spawn_from_worker", 10_000, repeats: 20)
    {
        Func<CancellationToken, ValueTask> child = _ =>
        {
            Countdown.Hit();
            return default;
        };
        _parent = token =>
        {
            var runtime = _runtime!;
            for (var i = 0; i < Operations; i++)
            {
                _ = runtime.Spawn(child);
            }

            return default;
        };

        Action poolChild = Countdown.Hit;
        _poolParent = () =>
        {
            for (var i = 0; i < Operations; i++)
            {
                _ = Task.Run(poolChild);
            }
        };
    }

    public override void Prepare(AsyncRuntime? runtime) => _runtime = runtime;

    public override void RunOn(AsyncRuntime runtime)
    {
        Countdown.Reset(Operations);
        _ = runtime.Spawn(_parent);
        Countdown.Wait();
    }

    public override void RunOnPool()
    {
        Countdown.Reset(Operations);
        _ = Task.Run(_poolParent);
        Countdown.Wait();
    }
}
