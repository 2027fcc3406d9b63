// Intake: the words through which enqueues hand items over without the queue's lock: places reserved, items in a ring, and what the pumps say in return.
//
// Shared words     written by                                             read by
//   _word          enqueues, by CAS; under the lock, by Interlocked       all     tail (32 bits) · Closed · Contested · places taken (30 bits)
//   _slots         the enqueue that claimed the index, by exchange;       under the lock
//                  emptied under the lock
//   _freeSeen      enqueues: what one of them last read in _free          enqueues
//   _free          under the lock, release                                enqueues
//   _scanned       under the lock                                         a lingering pump, as a hint
//   _gaps          under the lock
//   _attendedLevel, _servedLevel, _isUrgent   see each
//
// Invariants: an index is claimed by one CAS, together with a place; only the enqueue that claimed it fills its slot. _free <= every index whose slot is
//             not empty or not yet filled, and tail <= _free + Slots, so a slot is claimed again only after it has been emptied.
// Protocol:   enqueue  CAS _word: one place and one index more, if the flags and both bounds allow; exchange the item into the slot (a fence).
//             collect  from _scanned to the tail of one reading: take what is there; an index that is claimed and not filled is remembered in _gaps,
//                      looked at again by each later collect, and holds _free back.
// Gap:        a producer that is held up between claim and exchange hides nobody else's item: the collect goes past it. Its own enqueue has not returned, so
//             that later ones go before it breaks no order; when it has filled the slot it reads _attendedLevel, as every enqueue does, and sees to a pump.
// Full:       an enqueue that finds the ring full goes to the lock and empties it there, with the items still in its own cache.
// Rejected:   a linked stack of the items (collecting it is one dependent cache miss for each item, under the lock: a third of the time of a trivial item
//             on two processors); two words for place and index (one more interlocked operation for each enqueue).
// Tests:      IntakeTests, QueueStressTests, ShutdownUnderLoadTests. The protocol around it is in BackgroundQueue.Intake.cs.
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Runtime.Hosting.Queues;

/// <summary>The way into a queue without its lock. See the head of the file.</summary>
/// <remarks>Three parts, each 64 bytes off the others: what enqueues write; what they read; what is written under the lock.</remarks>
[StructLayout(LayoutKind.Explicit, Size = 320)]
internal struct Intake
{
    /// <summary>How many items the ring holds, 8 KB: so many are still in the cache of the enqueuer that finds it full and empties it.</summary>
    private const int Slots = 1024;

    private const uint Mask = Slots - 1;

    // Above every count and every capacity: an enqueue that finds one of them set finds no room, and turns to the lock.
    private const uint Closed = 1u << 31;
    private const uint Contested = 1u << 30;
    private const uint CountMask = Contested - 1;

    // One index and one place.
    private const ulong Claim = (1ul << 32) + 1;

    [FieldOffset(64)]
    private ulong _word;

    [FieldOffset(72)]
    private uint _freeSeen;

    // Items of this level or less urgent need no pump of their own. Written under the lock.
    [FieldOffset(128)]
    private int _attendedLevel;

    // The level of the item that a pump took last. Written under the lock.
    [FieldOffset(132)]
    private int _servedLevel;

    // Whether an item has been pushed that may go before those in the lanes. Set by enqueues, cleared under the lock.
    [FieldOffset(136)]
    private bool _isUrgent;

    // Never replaced.
    [FieldOffset(144)]
    private Slot[] _slots;

    // From here on indices are in use; before it they are free for the next round.
    [FieldOffset(192)]
    private uint _free;

    // Up to here indices have been looked at. And where the present collect ends.
    [FieldOffset(196)]
    private uint _scanned;

    [FieldOffset(200)]
    private uint _limit;

    // Indices before _scanned that were claimed and not filled when they were looked at, in order; seldom any.
    [FieldOffset(208)]
    private List<uint> _gaps;

    public static Intake NewClosed() => new() { _word = Closed, _attendedLevel = int.MaxValue, _slots = new Slot[Slots], _gaps = [] };

    /// <summary>Whether nothing has been pushed since the last collect. A hint.</summary>
    public readonly bool IsEmpty => Tail(Volatile.Read(in _word)) == Volatile.Read(in _scanned);

    /// <summary>How many items have been pushed since the last collect. A hint.</summary>
    public readonly int Pushed => (int)(Tail(Volatile.Read(in _word)) - _scanned);

    /// <summary>How many items have ever been pushed, modulo 2^32.</summary>
    public readonly uint EverPushed => Tail(Volatile.Read(in _word));

    /// <summary>How many places are taken.</summary>
    public readonly int Reserved => (int)((uint)Volatile.Read(in _word) & CountMask);

    public readonly int AttendedLevel => Volatile.Read(in _attendedLevel);

    public readonly int ServedLevel => Volatile.Read(in _servedLevel);

    public readonly bool IsUrgent => Volatile.Read(in _isUrgent);

    /// <summary>Takes a place and an index, unless there is none or the flags say that the lock must decide. Never takes one and gives it back: others would see a full queue that has room.</summary>
    public bool TryClaim(int capacity, out uint index)
    {
        var seen = Volatile.Read(in _word);
        while ((uint)seen < (uint)capacity)
        {
            index = Tail(seen);
            if (!HasSlot(index))
            {
                return false;
            }

            var before = Interlocked.CompareExchange(ref _word, seen + Claim, seen);
            if (before == seen)
            {
                return true;
            }

            seen = before;
        }

        index = 0;
        return false;
    }

    /// <summary>Publishes an item under the index that its enqueue has claimed. A full fence: what is read after it is no older.</summary>
    public readonly void Publish(uint index, WorkHandle item) => _ = Interlocked.Exchange(ref _slots[index & Mask].Item, item);

    /// <summary>Takes a place and no index, whatever the flags say. Under the lock.</summary>
    public bool TryReserveUnderLock(int capacity)
    {
        var seen = Volatile.Read(in _word);
        while (((uint)seen & CountMask) < (uint)capacity)
        {
            var before = Interlocked.CompareExchange(ref _word, seen + 1, seen);
            if (before == seen)
            {
                return true;
            }

            seen = before;
        }

        return false;
    }

    /// <summary>Takes a place beyond the capacity.</summary>
    public void ReserveAnyway() => Interlocked.Increment(ref _word);

    public void Return(int places) => Interlocked.Add(ref _word, unchecked(0ul - (ulong)places));

    public void Open() => Interlocked.And(ref _word, ~(ulong)Closed);

    public void Close() => Interlocked.Or(ref _word, Closed);

    /// <summary>Sends every enqueue to the lock, as long as somebody waits in line there.</summary>
    public void SetContested(bool contested)
    {
        if (contested)
        {
            Interlocked.Or(ref _word, Contested);
        }
        else
        {
            Interlocked.And(ref _word, ~(ulong)Contested);
        }
    }

    public void MarkUrgent() => Volatile.Write(ref _isUrgent, true);

    /// <summary>Begins to take out what has been pushed. Under the lock.</summary>
    /// <returns>Whether there may be anything.</returns>
    public bool BeginCollect()
    {
        if (_isUrgent)
        {
            Volatile.Write(ref _isUrgent, false);
            Interlocked.MemoryBarrier(); // a mark that is set after this is of an item that is found below, or of one still to come
        }

        _limit = Tail(Volatile.Read(in _word));
        return _limit != _scanned || _gaps.Count > 0;
    }

    /// <summary>Takes the next item, oldest first. Under the lock.</summary>
    public bool TryCollect([NotNullWhen(true)] out WorkHandle? item)
    {
        if (_gaps.Count > 0 && TryCollectGap(out item))
        {
            return true;
        }

        while (_scanned != _limit)
        {
            var index = _scanned;
            Volatile.Write(ref _scanned, index + 1);
            if (TryEmpty(index, out item))
            {
                return true;
            }

            _gaps.Add(index);
        }

        item = null;
        return false;
    }

    /// <summary>Gives the emptied slots free. Under the lock, after a collect.</summary>
    public void EndCollect() => Volatile.Write(ref _free, _gaps.Count > 0 ? _gaps[0] : _scanned);

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

        Interlocked.MemoryBarrier(); // pairs with the one in Publish: either the enqueue sees the new level, or the caller sees the item
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

        Interlocked.MemoryBarrier(); // pairs with the one in Publish
        return true;
    }

    private static uint Tail(ulong word) => (uint)(word >> 32);

    // Whether the slot of an index is free. What others have read before is good enough while there is room by it, and is on the enqueues' own line.
    private bool HasSlot(uint index)
    {
        if ((int)(index - Volatile.Read(in _freeSeen)) < Slots)
        {
            return true;
        }

        var free = Volatile.Read(in _free);
        Volatile.Write(ref _freeSeen, free);
        return (int)(index - free) < Slots;
    }

    // An enqueue that was held up has gone on meanwhile.
    private readonly bool TryCollectGap([NotNullWhen(true)] out WorkHandle? item)
    {
        for (var i = 0; i < _gaps.Count; i++)
        {
            if (TryEmpty(_gaps[i], out item))
            {
                _gaps.RemoveAt(i);
                return true;
            }
        }

        item = null;
        return false;
    }

    private readonly bool TryEmpty(uint index, [NotNullWhen(true)] out WorkHandle? item)
    {
        ref var slot = ref _slots[index & Mask].Item;
        item = Volatile.Read(ref slot);
        if (item is null)
        {
            return false;
        }

        slot = null;
        return true;
    }

    // A struct around the reference: an array of a class that is not sealed checks the type of all that is put in.
    private struct Slot
    {
        public WorkHandle? Item;
    }
}
