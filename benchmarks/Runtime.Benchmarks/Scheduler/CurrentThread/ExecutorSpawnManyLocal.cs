using Runtime.Core.Execution;

namespace Runtime.Benchmarks.Scheduler.CurrentThread;

/// <summary>Empty tasks from inside, all handles kept and awaited in order.</summary>
internal sealed class ExecutorSpawnManyLocal() : ExecutorShape("current_thread_spawn_many_local")
{
    public override void RunOn(SingleThreadedExecutor executor) => executor.BlockOn(token =>
    {
        SpawnAll(executor);
        return AwaitAllAsync(token);
    });
}
