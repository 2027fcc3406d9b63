using Runtime.Core;

namespace Runtime.Benchmarks.Scheduler.Shapes;

/// <summary>Tokio's bench: empty tasks from outside into an idle runtime, all handles kept and awaited in order.</summary>
internal class SpawnManyRemoteIdle(string name, int operations, int repeats) : Shape(name, operations, repeats)
{
    private static readonly Func<CancellationToken, ValueTask> Body = static _ => default;
    private static readonly Action PoolBody = static () => { };

    private readonly List<Task> _handles = new(operations);

    public SpawnManyRemoteIdle()
        : this("spawn_many_remote_idle", 10_000, repeats: 20)
    {
    }

    public sealed override void RunOn(AsyncRuntime runtime)
    {
        for (var i = 0; i < Operations; i++)
        {
            _handles.Add(runtime.Spawn(Body));
        }

        AwaitInOrder(_handles);
        _handles.Clear();
    }

    public sealed override void RunOnPool()
    {
        for (var i = 0; i < Operations; i++)
        {
            _handles.Add(Task.Run(PoolBody));
        }

        AwaitInOrder(_handles);
        _handles.Clear();
    }
}
