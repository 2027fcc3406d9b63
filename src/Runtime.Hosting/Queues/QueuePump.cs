using Runtime.Core;
using Runtime.Core.Execution;
using Runtime.Core.Scheduling;

namespace Runtime.Hosting.Queues;

/// <summary>What the runtime gets from a queue: a work item that takes the queue's best items one after another and starts them.</summary>
/// <remarks>Owned in turn by the queue (idle), the runtime (dispatched) and the worker that runs it; handed over under the queue's lock or by the dispatch.</remarks>
internal sealed class QueuePump(BackgroundQueue queue) : WorkItem
{
    // The context of the items, as long as none of them has awaited under it; and the item that it belongs to at the moment. The pump's own.
    private RuntimeSynchronizationContext? _context;
    private WorkOwner? _owner;

    /// <summary>The item that it is starting or running, and those that it has taken along. See <see cref="WorkClaims"/>.</summary>
    public WorkClaims Claims;

    /// <summary>The next pump of a list that is about to be dispatched. Owned by whoever owns the list.</summary>
    public QueuePump? Next;

    /// <summary>Whether to wake a worker for it. Written under the queue's lock.</summary>
    public WakeHint Wake;

    /// <summary>The level under which it was dispatched. Written under the queue's lock.</summary>
    public int Level;

    /// <summary>When its turn began, and how many items it had taken then. Under the queue's lock.</summary>
    public long TurnBegan;
    public long TurnTakes;

    /// <summary>How many items it has taken, ever; and how many that were when the watch last looked. Under the queue's lock.</summary>
    public long Takes;
    public long WatchedTakes;

    /// <summary>Whether it is in the queue's list of those that may have claims. Under the queue's lock.</summary>
    public bool IsClaimer;

    /// <summary>The source of the current item's token. Replaced under the queue's lock; reset for the next item by the pump.</summary>
    public CancellationTokenSource? Source;

    /// <summary>How many items it has taken in this turn. Under the queue's lock.</summary>
    public long ItemsOfTurn => Takes - TurnTakes;

    /// <summary>Makes the source good for the next item, unless a cancel may still be on its way to it. Under the queue's lock.</summary>
    /// <remarks>A token is the item's only until the item ends, as a request's token is the request's; registrations that are left on it are dropped.</remarks>
    public void TakeBack(WorkHandle entry)
    {
        if (entry.Extras is { CancelRequested: true })
        {
            Source = null;
            return;
        }

        entry.Cancellation = null;
        if (!Source!.TryReset())
        {
            Source = null;
        }
    }

    /// <summary>Installs a context in which the item's awaits come back to the runtime at its priority, and <see cref="WorkContext"/> finds it. By the pump.</summary>
    /// <remarks>Items that never await share one: it is replaced when the priority changes, and by <see cref="LeaveContext"/>.</remarks>
    public void EnterContext(AsyncRuntime runtime, WorkHandle entry)
    {
        var context = _context;
        var deadline = entry.DeadlineTicks;
        if (context is null || context.Priority != entry.LanePriority || context.DeadlineTicks != deadline)
        {
            _owner = new WorkOwner();
            _context = context = runtime.CreateContext(entry.LanePriority, deadline, _owner);
        }

        _owner!.Entry = entry;
        if (SynchronizationContext.Current != context)
        {
            context.Enter();
        }
    }

    /// <summary>Leaves the context to the item, which has awaited under it. By the pump.</summary>
    public void LeaveContext()
    {
        _context = null;
        _owner = null;
    }

    /// <summary>Lets go of the item at the end of a turn. By the pump.</summary>
    public void ForgetItem()
    {
        if (_owner is not null)
        {
            _owner.Entry = null;
        }
    }

    // What it runs now, for those who ask what holds up the worker. Read on other threads.
    internal override string? Name => Current is { Options.Name: { } name } item ? $"{name} of the queue '{item.QueueName}'" : null;

    internal override Delegate? Body => Current?.Body;

    internal override void Run() => queue.RunPump(this);

    private WorkHandle? Current => Volatile.Read(ref _owner)?.Entry;

    protected override void Execute() => Run();
}
