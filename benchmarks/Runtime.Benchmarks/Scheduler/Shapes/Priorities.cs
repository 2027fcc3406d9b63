using Runtime.Core;

namespace Runtime.Benchmarks.Scheduler.Shapes;

/// <summary>Spawns from outside of which one in so many takes turns with all five priorities; the others name none. The pool has none and takes them as they come.</summary>
internal sealed class Priorities : Shape
{
    private readonly SpawnOptions?[] _options;
    private readonly Func<CancellationToken, ValueTask> _body;
    private readonly Action _poolBody;

    public Priorities(string name, int urgentOneIn)
        : base(name, 10_000, repeats: 20)
    {
        _options = [.. Enum.GetValues<TaskPriority>().SelectMany(p => new[] { new SpawnOptions { Priority = p } }.Concat(new SpawnOptions?[urgentOneIn - 1]))];
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
