using System.Runtime.InteropServices;

namespace Runtime.Hosting.Queues;

/// <summary>The words through which enqueues hand items over without the queue's lock: places reserved, items pushed, and what the pumps say in return.</summary>
/// <remarks>
/// Two cache lines of their own, each 64 bytes off everything else. The first is written by enqueues, and by a pump once for many items; the
/// second is written by pumps now and then and read by every enqueue. The protocol is in <c>BackgroundQueue.Intake.cs</c>.
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct Intake
{
    // Above every count and every capacity: an enqueue that finds one of them set finds no room, and turns to the lock.
    private const long Closed = 1L << 62;
    private const long Contested = 1L << 61;
    private const long CountMask = (1L << 32) - 1;

    // How many places are taken, and the two flags. By compare-exchange or add, from any thread.
    [FieldOffset(64)]
    private long _reserved;

    // The items pushed and not yet collected, newest first, linked by Next. Pushed by compare-exchange, from any thread; collected by exchange, under the lock.
    // An item is pushed once in its life, so the head cannot come back to an earlier value.
    [FieldOffset(72)]
    private WorkHandle? _head;

    // Items of this level or less urgent need no pump of their own. Written under the lock.
    [FieldOffset(128)]
    private int _attendedLevel;

    // The level of the item that a pump took last. Written under the lock.
    [FieldOffset(132)]
    private int _servedLevel;

    // Whether an item has been pushed that may go before those in the lanes. Set by enqueues, cleared under the lock.
    [FieldOffset(136)]
    private bool _isUrgent;

    public static Intake NewClosed() => new() { _reserved = Closed, _attendedLevel = int.MaxValue };

    public readonly bool IsEmpty => Volatile.Read(in _head) is null;

    /// <summary>How many places are taken.</summary>
    public readonly long Reserved => Volatile.Read(in _reserved) & CountMask;

    public readonly int AttendedLevel => Volatile.Read(in _attendedLevel);

    public readonly int ServedLevel => Volatile.Read(in _servedLevel);

    public readonly bool IsUrgent => Volatile.Read(in _isUrgent);

    /// <summary>Takes a place, unless there is none or the flags say that the lock must decide. Never takes one and gives it back: others would see a full queue that has room.</summary>
    public bool TryReserve(int capacity)
    {
        var seen = Volatile.Read(in _reserved);
        while (seen < capacity)
        {
            var before = Interlocked.CompareExchange(ref _reserved, seen + 1, seen);
            if (before == seen)
            {
                return true;
            }

            seen = before;
        }

        return false;
    }

    /// <summary>The same whatever the flags say. Under the lock.</summary>
    public bool TryReserveUnderLock(int capacity)
    {
        var seen = Volatile.Read(in _reserved);
        while ((seen & CountMask) < capacity)
        {
            var before = Interlocked.CompareExchange(ref _reserved, seen + 1, seen);
            if (before == seen)
            {
                return true;
            }

            seen = before;
        }

        return false;
    }

    /// <summary>Takes a place beyond the capacity.</summary>
    public void ReserveAnyway() => Interlocked.Increment(ref _reserved);

    public void Return(int places) => Interlocked.Add(ref _reserved, -places);

    public void Open() => Interlocked.And(ref _reserved, ~Closed);

    public void Close() => Interlocked.Or(ref _reserved, Closed);

    /// <summary>Sends every enqueue to the lock, as long as somebody waits in line there.</summary>
    public void SetContested(bool contested)
    {
        if (contested)
        {
            Interlocked.Or(ref _reserved, Contested);
        }
        else
        {
            Interlocked.And(ref _reserved, ~Contested);
        }
    }

    /// <summary>Publishes an item. A full fence: what is read after it is no older.</summary>
    public void Push(WorkHandle item)
    {
        var seen = Volatile.Read(in _head);
        while (true)
        {
            item.Next = seen;
            var before = Interlocked.CompareExchange(ref _head, item, seen);
            if (before == seen)
            {
                return;
            }

            seen = before;
        }
    }

    public void MarkUrgent() => Volatile.Write(ref _isUrgent, true);

    /// <summary>Takes all items out, oldest first. Under the lock.</summary>
    public WorkHandle? Collect()
    {
        if (_isUrgent)
        {
            Volatile.Write(ref _isUrgent, false);
            Interlocked.MemoryBarrier(); // a mark that is set after this is of an item that is found below, or of one still to come
        }

        if (IsEmpty)
        {
            return null;
        }

        WorkHandle? oldest = null;
        for (var item = Interlocked.Exchange(ref _head, null); item is not null;)
        {
            var next = item.Next;
            item.Next = oldest;
            oldest = item;
            item = next;
        }

        return oldest;
    }

    /// <summary>Sets the level from which on items need no pump of their own. Under the lock.</summary>
    /// <returns>Whether it attends to less than before, which is then fenced: the caller must look whether an item came in between.</returns>
    public bool SetAttended(int level)
    {
        var before = _attendedLevel;
        if (level == before)
        {
            return false;
        }

        Volatile.Write(ref _attendedLevel, level);
        if (level < before)
        {
            return false;
        }

        Interlocked.MemoryBarrier(); // pairs with the one in Push: either the enqueue sees the new level, or the caller sees the item
        return true;
    }

    /// <summary>Says what is being taken. Under the lock.</summary>
    /// <returns>Whether it is less urgent than before; the same fence, and the same duty, as <see cref="SetAttended"/>.</returns>
    public bool SetServed(int level)
    {
        var before = _servedLevel;
        if (level == before)
        {
            return false;
        }

        Volatile.Write(ref _servedLevel, level);
        if (level < before)
        {
            return false;
        }

        Interlocked.MemoryBarrier(); // pairs with the one in Push
        return true;
    }
}
