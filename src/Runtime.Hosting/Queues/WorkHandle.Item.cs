using Runtime.Core;
using Runtime.Hosting.Queues;

namespace Runtime.Hosting;

// The item behind the handle. They are one object: a queued item costs 112 bytes, and the thread that runs it touches few cache lines of
// the thread that queued it. What only some items have is in WorkExtras. Unless a field says otherwise it is under the queue's lock.
public abstract partial class WorkHandle
{
    // Where the item is in its life; written under the lock or by the pump that runs it, read anywhere. The fields that a final stage vouches for are written before it.
    private byte _stage;

    // See EnsureExtras.
    private WorkExtras? _extras;

    private protected WorkHandle(BackgroundQueue queue, Delegate work, EnqueueOptions? options)
    {
        Queue = queue;
        Work = work;
        Options = options ?? EnqueueOptions.Default;
    }

    internal BackgroundQueue Queue { get; }

    internal EnqueueOptions Options { get; }

    // The user's delegate; cleared at the end, so that a handle keeps no closure alive. Written by the thread that ends the item.
    private protected Delegate? Work { get; private set; }

    // The same for messages.
    internal Delegate? Body => Work;

    // The item's place in the order among equals, from 1 on. A delayed item gets a new one when it is due.
    internal long Sequence;

    // Timestamps of the queue's clock: when the item was due, which is its acceptance plus its delay; when it started; when it ended.
    internal long ReadyAt;
    internal long StartedTicks;
    internal long FinishedTicks;

    // Which finished item of the queue it is, from 1 on.
    internal long FinishOrdinal;

    // The source of the item's token; set when it awaits, or when somebody may want to cancel it. Until then it is its pump's.
    internal CancellationTokenSource? Cancellation;

    // The source of the task that the handle shows; created by the first to ask for it.
    internal object? CompletionSource;

    // The place in the table of items that have awaited and not ended; -1 when it is not in there.
    internal int AwaitingIndex = -1;

    // The priority by which it is ordered: the one asked for, or Normal while priorities are switched off.
    internal TaskPriority LanePriority
    {
        get => (TaskPriority)_lanePriority;
        set => _lanePriority = (byte)value;
    }

    private byte _lanePriority;

    // Which structure of the queue holds the item.
    internal WorkPlace Place;

    internal WorkStatus Stage
    {
        get => (WorkStatus)Volatile.Read(ref _stage);
        set => Volatile.Write(ref _stage, (byte)value);
    }

    internal bool IsOver => Stage > WorkStatus.Running;

    internal WorkExtras? Extras => Volatile.Read(ref _extras);

    // Which of the queue's items it is: its first sequence number. Part of its id.
    internal long Number => Extras is { Number: > 0 } extras ? extras.Number : Sequence;

    internal long DeadlineTicks => Extras?.DeadlineTicks ?? long.MaxValue;

    internal bool IsDelayed => Extras is { DelayTicks: > 0 };

    // When the item was accepted.
    internal long EnqueuedTicks => ReadyAt - (Extras?.DelayTicks ?? 0);

    // Whether the work takes services from a scope of its own.
    internal virtual bool NeedsScope => false;

    // The kind of result, for messages.
    internal virtual string ResultDescription => "no result";

    internal string? ReasonOfCancellation => Stage == WorkStatus.Cancelled ? Extras?.Reason : null;

    // The exception of an item that failed or was dropped. A drop makes none until somebody asks, for drops come in bursts.
    internal Exception? Failure
    {
        get
        {
            switch (Stage)
            {
                case WorkStatus.Failed:
                    return Extras!.Error;
                case WorkStatus.Dropped:
                    var extras = EnsureExtras();
                    return Volatile.Read(ref extras.Error)
                        ?? Interlocked.CompareExchange(ref extras.Error, new WorkDroppedException(QueueName, extras.DroppedBy), null)
                        ?? extras.Error;
                default:
                    return null;
            }
        }
    }

    internal WorkExtras EnsureExtras()
    {
        var extras = Extras;
        if (extras is null)
        {
            // A progress report may race a cancel for it.
            var created = new WorkExtras();
            extras = Interlocked.CompareExchange(ref _extras, created, null) ?? created;
        }

        return extras;
    }

    // Calls the user's delegate. Once, on a worker, outside the lock.
    internal abstract ValueTask InvokeAsync(IServiceProvider? services, CancellationToken cancellationToken);

    // Whether another enqueue of this kind may be answered with the handle of a live item.
    internal virtual bool CanReturn(WorkHandle live) => true;

    internal abstract object CreateCompletionSource();

    // Ends the task as the final stage says. Outside the lock; harmless when it has been done.
    internal abstract void SettleCompletion();

    // Lets go of what only a live item needs: the closure, and the source of a token that nobody has cancelled.
    internal void Release()
    {
        Work = null;
        if (Extras is not { CancelRequested: true })
        {
            Cancellation = null;
        }
    }
}
