using Runtime.Core.Execution;

namespace Runtime.Benchmarks.Scheduler.CurrentThread;

/// <summary>The same while a task runs besides that spawns its successor without end.</summary>
internal sealed class ExecutorSpawnManyRemoteBusy() : ExecutorSpawnManyRemoteIdle("current_thread_spawn_many_remote_busy")
{
    // Once there is one, there always is; the executor's stop ends it.
    private bool _isBusy;

    public override void Prepare(SingleThreadedExecutor executor)
    {
        if (!_isBusy)
        {
            _isBusy = true;
            Respawn(executor);
        }
    }

    private static void Respawn(SingleThreadedExecutor executor) => _ = executor.Spawn(token =>
    {
        Respawn(executor);
        return default;
    });
}
