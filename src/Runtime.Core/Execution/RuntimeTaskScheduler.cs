namespace Runtime.Core.Execution;

/// <summary>Runs BCL tasks on the workers of a runtime: for <see cref="TaskFactory"/>, <see cref="Parallel"/> and Dataflow.</summary>
/// <remarks>
/// Thread safe. A task that asks for <see cref="TaskCreationOptions.LongRunning"/> gets a thread of the blocking pool. While the runtime
/// is not running tasks go to the ThreadPool. Awaits do not come through here but through the synchronization context, which is cheaper.
/// </remarks>
internal sealed class RuntimeTaskScheduler(WorkDispatcher dispatcher) : TaskScheduler
{
    public override int MaximumConcurrencyLevel => dispatcher.Scheduler.WorkerCount;

    protected override void QueueTask(Task task)
    {
        var item = new TaskItem(this, task);
        if (task.CreationOptions.HasFlag(TaskCreationOptions.LongRunning) && dispatcher.TryDispatchBlocking(item))
        {
            return;
        }

        item.Priority = RuntimeSynchronizationContext.Current?.Priority ?? TaskPriority.Normal;
        dispatcher.Dispatch(item);
    }

    // Also what is queued: a worker that waits for a task runs it itself instead of holding a thread that the task may need. The task can be
    // executed once, so its item finds nothing left to do.
    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        WorkDispatcher.Current == dispatcher && TryExecuteTask(task);

    // For debuggers only. The queues hold other work as well and cannot be listed without stopping the workers.
    protected override IEnumerable<Task> GetScheduledTasks() => [];

    private sealed class TaskItem(RuntimeTaskScheduler scheduler, Task task) : WorkItem
    {
        internal override void Run() => scheduler.TryExecuteTask(task);

        protected override void Execute() => Run();
    }
}
