using Runtime.Core;

namespace Runtime.Benchmarks.Scheduler.Shapes;

/// <summary>Spawns from outside that take turns with all five priorities. The pool has none and takes them as they come.</summary>
internal sealed class Priorities : Shape
{
    private readonly SpawnOptions[] _options = [.. Enum.GetValues<TaskPriority>().Select(p => new SpawnOptions { Priority = p })];
    private readonly Func<CancellationToken, ValueTask> _body;
    private readonly Action _poolBody;

    public Priorities()
        : base("priorities_mixed", 10_000, repeats: 20)
    {
        _body = _ =>
        {
            Counter.Hit();
            return default;
        };
        _poolBody = Counter.Hit;
    }

    public override void RunOn(AsyncRuntime runtime)
    {
        Counter.Reset(Operations);
        for (var i = 0; i < Operations; i++)
        {
            _ = runtime.Spawn(_body, _options[i % _options.Length]);
        }

        Counter.Wait();
    }

    public override void RunOnPool()
    {
        Counter.Reset(Operations);
        for (var i = 0; i < Operations; i++)
        {
            _ = Task.Run(_poolBody);
        }

        Counter.Wait();
    }
}
