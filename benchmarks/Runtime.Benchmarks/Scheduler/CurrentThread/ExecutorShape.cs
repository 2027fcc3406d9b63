using Runtime.Core.Execution;

namespace Runtime.Benchmarks.Scheduler.CurrentThread;

/// <summary>One of Tokio's benches of its runtime of one thread (<c>rt_current_thread.rs</c>), with its numbers: 1,000 tasks a round.</summary>
/// <remarks>The thread pool has no such thing to compare with.</remarks>
internal abstract class ExecutorShape(string name) : Workload(name, 1_000, repeats: 100)
{
    private static readonly Func<CancellationToken, ValueTask> Body = static _ => default;

    private readonly List<Task> _handles = new(1_000);

    /// <summary>Sets a round up, such as a load in the background. Not timed.</summary>
    public virtual void Prepare(SingleThreadedExecutor executor)
    {
    }

    /// <summary>Runs a round on the executor and returns when it is over.</summary>
    public abstract void RunOn(SingleThreadedExecutor executor);

    protected void SpawnAll(SingleThreadedExecutor executor)
    {
        for (var i = 0; i < Operations; i++)
        {
            _handles.Add(executor.Spawn(Body));
        }
    }

    /// <summary>Awaits the tasks one after another and forgets them.</summary>
    protected async ValueTask AwaitAllAsync(CancellationToken cancellationToken)
    {
        foreach (var handle in _handles)
        {
            await handle;
        }

        _handles.Clear();
    }
}
