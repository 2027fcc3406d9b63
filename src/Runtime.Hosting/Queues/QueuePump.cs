using Runtime.Core;

namespace Runtime.Hosting.Queues;

/// <summary>What the runtime gets from a queue: a work item that takes the queue's best items one after another and starts them.</summary>
/// <remarks>Owned in turn by the queue (idle), the runtime (dispatched) and the worker that runs it; handed over under the queue's lock or by the dispatch.</remarks>
internal sealed class QueuePump(BackgroundQueue queue) : WorkItem
{
    /// <summary>The next pump of a list that is about to be dispatched. Owned by whoever owns the list.</summary>
    public QueuePump? Next;

    /// <summary>The level under which it was dispatched. Written under the queue's lock.</summary>
    public int Level;

    /// <summary>When its turn began, and how many items it has taken in it. Under the queue's lock.</summary>
    public long TurnBegan;
    public int Items;

    /// <summary>The item that it is starting or running to its end. Under the queue's lock.</summary>
    public WorkHandle? Current;

    // The source of an item that has ended in its first stretch and was never cancelled: good for the next one. Under the queue's lock.
    private CancellationTokenSource? _spare;

    /// <summary>A source for the next item. Under the queue's lock.</summary>
    public CancellationTokenSource TakeCancellation()
    {
        var source = _spare ?? new CancellationTokenSource();
        _spare = null;
        return source;
    }

    /// <summary>Takes the source of an item that has ended back for the next one, unless a cancel may still be on its way to it. Under the queue's lock.</summary>
    /// <remarks>A token is the item's only until the item ends, as a request's token is the request's; registrations that are left on it are dropped.</remarks>
    public void TakeBack(WorkHandle entry)
    {
        if (entry.Extras is not { CancelRequested: true } && entry.Cancellation!.TryReset())
        {
            _spare = entry.Cancellation;
            entry.Cancellation = null;
        }
    }

    internal override void Run() => queue.RunPump(this);

    protected override void Execute() => Run();
}
