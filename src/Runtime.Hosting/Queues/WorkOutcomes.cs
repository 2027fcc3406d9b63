namespace Runtime.Hosting.Queues;

/// <summary>How the end of a work item shows on its task.</summary>
internal static class WorkOutcomes
{
    /// <summary>The item's own token when it had started, so that the awaiter's exception carries it; else one that is cancelled.</summary>
    public static CancellationToken TokenOf(WorkHandle entry) =>
        entry.Cancellation is { IsCancellationRequested: true } source ? source.Token : new CancellationToken(canceled: true);

    /// <summary>The failure is on the handle and in the log: a task that nobody awaits must not raise it a second time as unobserved.</summary>
    public static void MarkObserved(Task task) => _ = task.Exception;
}
