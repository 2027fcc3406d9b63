namespace Runtime.Hosting.Queues;

/// <summary>An enqueue that waits for room: a node of the queue's waiting line.</summary>
/// <remarks>Whether it is still in the line, and how it left, is decided under the queue's lock; so a cancel never takes an item back that has been admitted.</remarks>
internal sealed class EnqueueWaiter(WorkHandle entry)
{
    private readonly TaskCompletionSource<WorkHandle> _source = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public WorkHandle Entry { get; } = entry;

    /// <summary>The neighbours in the line. Under the queue's lock.</summary>
    public EnqueueWaiter? Next;
    public EnqueueWaiter? Previous;

    /// <summary>Whether it is in the line. Under the queue's lock.</summary>
    public bool IsWaiting;

    /// <summary>How it was decided, and the live item with its unique key if there is one. Written under the lock when it leaves the line.</summary>
    public Admission Admission;
    public WorkHandle? Existing;

    /// <summary>The next of those that one change released. Owned by the thread that made the change.</summary>
    public EnqueueWaiter? NextReleased;

    public Task<WorkHandle> Task => _source.Task;

    // The three ends. Outside the lock, by the one thread that took the waiter out of the line.

    public void Complete(WorkHandle handle) => _source.TrySetResult(handle);

    public void Refuse(Exception exception) => _source.TrySetException(exception);

    public void Cancel(CancellationToken token) => _source.TrySetCanceled(token);
}
