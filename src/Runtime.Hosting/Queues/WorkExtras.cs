using System.Diagnostics;

namespace Runtime.Hosting.Queues;

/// <summary>What only some items have, kept apart so that the others stay small. Unless a field says otherwise it is under the queue's lock.</summary>
internal sealed class WorkExtras
{
    // The latest report; replaced whole, so that a reader never sees half of one.
    private volatile object? _progress;

    // Random half of the id; 0 until somebody reads the id. Written once, under the lock; read anywhere.
    private ulong _secret;

    /// <summary>The number of an item whose delay is over, and which therefore has another sequence number; otherwise 0.</summary>
    public long Number;

    /// <summary>By when the item should have ended, as a timestamp; <see cref="long.MaxValue"/> for no deadline.</summary>
    public long DeadlineTicks = long.MaxValue;

    /// <summary>The place in the heap of deadlines.</summary>
    public int HeapIndex;

    /// <summary>How long the item was delayed, in timestamp ticks.</summary>
    public long DelayTicks;

    /// <summary>The item's concurrency key. Set when the item is accepted.</summary>
    public KeyState? Key;

    /// <summary>The flow of the item's share key; set while it waits in the lanes for its key's turn.</summary>
    public ShareFlow? Share;

    /// <summary>The timer of the delay, then that of the timeout; whoever takes it out disposes it.</summary>
    public ITimer? Timer;

    /// <summary>The span that was current at the enqueue. Written before the item is published.</summary>
    public ActivityContext Parent;

    /// <summary>Whether somebody has asked the item to end.</summary>
    public bool CancelRequested;

    /// <summary>Why; written together with <see cref="CancelRequested"/>.</summary>
    public string? Reason;

    /// <summary>What the work threw, and for a dropped item its exception once somebody has asked for it.</summary>
    public Exception? Error;

    /// <summary>The full mode that dropped the item.</summary>
    public QueueFullMode DroppedBy;

    public ulong Secret
    {
        get => Volatile.Read(ref _secret);
        set => Volatile.Write(ref _secret, value);
    }

    public WorkProgress? Progress
    {
        get => (WorkProgress?)_progress;
        set => _progress = value;
    }

    /// <summary>Takes the timer out, for the caller to dispose.</summary>
    public ITimer? TakeTimer() => Interlocked.Exchange(ref Timer, null);
}
