using Runtime.Core;

namespace Runtime.Benchmarks.Scheduler.Shapes;

/// <summary>Tokio's bench of that name. In spite of it, all spawns come from one thread outside: that of <c>block_on</c>.</summary>
internal sealed class SpawnManyLocal : Shape
{
    private readonly Func<CancellationToken, ValueTask> _body;
    private readonly Action _poolBody;

    public SpawnManyLocal()
        : base("spawn_many_local", 10_000, repeats: 20)
    {
        _body = _ =>
        {
            Countdown.Hit();
            return default;
        };
        _poolBody = Countdown.Hit;
    }

    public override void RunOn(AsyncRuntime runtime)
    {
        Countdown.Reset(Operations);
        for (var i = 0; i < Operations; i++)
        {
            _ = runtime.Spawn(_body);
        }

        Countdown.Wait();
    }

    public override void RunOnPool()
    {
        Countdown.Reset(Operations);
        for (var i = 0; i < Operations; i++)
        {
            _ = Task.Run(_poolBody);
        }

        Countdown.Wait();
    }
}
