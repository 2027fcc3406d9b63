using Runtime.Core.Execution;

namespace Runtime.Benchmarks.Scheduler.CurrentThread;

/// <summary>Empty tasks from outside, while nobody drives; then driven until all have been awaited in order.</summary>
internal class ExecutorSpawnManyRemoteIdle(string name) : ExecutorShape(name)
{
    public ExecutorSpawnManyRemoteIdle()
        : this("current_thread_spawn_many_remote_idle")
    {
    }

    public sealed override void RunOn(SingleThreadedExecutor executor)
    {
        SpawnAll(executor);
        executor.BlockOn(AwaitAllAsync);
    }
}
