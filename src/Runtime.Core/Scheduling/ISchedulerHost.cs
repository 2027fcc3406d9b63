namespace Runtime.Core.Scheduling;

/// <summary>What the scheduler needs of whoever composes it. Every member is called without a lock held.</summary>
internal interface ISchedulerHost
{
    /// <summary>The context to install while an item of this priority runs.</summary>
    SynchronizationContext ContextOf(TaskPriority priority);

    /// <summary>Runs what came after the workers had ended, or settles it.</summary>
    void RunElsewhere(QueueEntry entry);

    /// <summary>Reports an exception that left an item.</summary>
    void OnUnhandled(Exception exception);

    /// <summary>The system would not give a thread the priority that the options ask for.</summary>
    void OnIsolationRefused(string problem);

    /// <summary>An item has blocked its worker for a while. On the monitor's thread.</summary>
    void OnWorkerBlocked(Worker worker, object item, TimeSpan duration);

    /// <summary>There is work again after <see cref="Scheduler.WatchForActivity"/>.</summary>
    void OnActivity();
}
