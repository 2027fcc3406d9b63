namespace Runtime.Core.Execution;

/// <summary>Runs BCL tasks on a <see cref="SingleThreadedExecutor"/>. Awaits do not come through here but through the synchronization context, which is cheaper.</summary>
internal sealed class SingleThreadedTaskScheduler : TaskScheduler
{
    private readonly SingleThreadedExecutor _executor;
    private readonly Action<object?> _execute;

    public SingleThreadedTaskScheduler(SingleThreadedExecutor executor)
    {
        _executor = executor;
        _execute = task => TryExecuteTask((Task)task!);
    }

    public override int MaximumConcurrencyLevel => 1;

    protected override void QueueTask(Task task) => _executor.Post(_execute, task);

    // Also what is queued: who waits for a task on the only thread there is runs it, instead of waiting for ever. Its place in the queue finds nothing left to do.
    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => _executor.IsDriver && TryExecuteTask(task);

    // For debuggers only, which stop at moments when the queue cannot be read.
    protected override IEnumerable<Task> GetScheduledTasks() => [];
}
