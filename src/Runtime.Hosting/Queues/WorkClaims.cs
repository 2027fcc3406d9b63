// WorkClaims: the items that one pump has taken from the lanes in one go, and how it walks through them without the queue's lock.
//
// Shared words    written by                                                           read by
//   _word         the pump: next by compare-exchange; under the lock: end, and both    all
//   _slots        under the lock, before _word admits to them                          the pump: those below end; under the lock: all
//   _left, _over  under the lock                                                       under the lock
// The word is (next, end). Claims below next - 1 have succeeded, the one at next - 1 is the pump's current item, those from next to end have
// not started. So one compare-exchange ends an item and starts the next, and whoever holds the lock reads from one word which is which.
//
// Invariants
//   One        an item is started once: by the pump's compare-exchange to next + 1, or it is called back by one to end = next. Both are on one word.
//   Books      a claim counts as queued until next passes it, then as running, then as succeeded. Leaving and ending are booked later, by Fold,
//              which every member that looks at the books calls first. The pump's concurrency place covers whichever claim is current.
//   Place      Claimed until the item is booked as over, called back, or found running by somebody who has called back (then Running).
// Protocol
//   pump       writes the final stage of the current item, then the compare-exchange (a fence), then looks for a completion source. It goes to
//              the lock instead when nothing is left, when the intake is urgent, when its turn is over, and for items that the lock must end.
//   recall     under the lock: end = next. After that the pump can end its current item under the lock only; so whoever wants to cancel it, to
//              give it an id, or to abandon it, calls back first and then finds it either over or standing still.
// Races
//   recall/advance   one of the two compare-exchanges fails. A pump that fails has written the final stage already: that item has succeeded, and
//                    the pump books it as soon as it has the lock. Until then BackgroundQueue.Unbooked counts it.
//   end/EnsureCompletion  stage, fence, source against source, fence, stage: one of the two sees the other (Dekker).
// Rejected: a compare-exchange on each item's own stage (a second interlocked write for each item, and the books need the pump's word all the
// same); handing back single claims (whoever needs one is rare, and then the rest is better off in the lanes too).
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Runtime.Hosting.Queues;

/// <summary>The items that a pump has taken and runs one after another.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct WorkClaims
{
    /// <summary>The most items that a pump takes in one go: the lock costs little when it is shared by so many, and more would wait longer for a pump that is held up.</summary>
    public const int Most = 64;

    private const int NextUnit = 1 << 16;
    private const int EndMask = NextUnit - 1;

    private Slots _slots;
    private int _word;

    // How many claims have been booked as having left the queue, and as over.
    private int _left;
    private int _over;

    /// <summary>How many claims have not started.</summary>
    public readonly int Remaining
    {
        get
        {
            var word = Volatile.Read(in _word);
            return (word & EndMask) - (word >> 16);
        }
    }

    /// <summary>The item that the pump is starting or running. Under the lock.</summary>
    public readonly WorkHandle? Current => Volatile.Read(in _word) >> 16 is var next && next > 0 ? _slots[next - 1] : null;

    /// <summary>Ends the current item, whose final stage has been written, and starts the next. By the pump, without the lock.</summary>
    /// <returns>The next item, or <see langword="null"/> when the lock must decide.</returns>
    public WorkHandle? TryAdvance()
    {
        var word = _word;
        var next = word >> 16;
        return next < (word & EndMask) && Interlocked.CompareExchange(ref _word, word + NextUnit, word) == word ? _slots[next] : null;
    }

    // All below are under the lock.

    /// <summary>Puts the first item in, which starts at once.</summary>
    public void Begin(WorkHandle first)
    {
        _slots[0] = first;
        _left = 1;
        _over = 0;
        Volatile.Write(ref _word, NextUnit | 1);
    }

    /// <summary>Puts another item in. By the pump, before it leaves the lock in which it began.</summary>
    public void Add(WorkHandle item)
    {
        var end = _word & EndMask;
        _slots[end] = item;
        Volatile.Write(ref _word, _word + 1);
    }

    /// <summary>Starts the next item. By the pump.</summary>
    public WorkHandle Advance()
    {
        Volatile.Write(ref _word, _word + NextUnit);
        _left++;
        return _slots[(_word >> 16) - 1]!;
    }

    /// <summary>The current item has been booked: it is over, or has awaited. By the pump.</summary>
    public void OnBooked() => _slots[_over++] = null;

    /// <summary>Nothing is left. By the pump.</summary>
    public void Clear()
    {
        _word = 0;
        _left = 0;
        _over = 0;
    }

    /// <summary>Whether the item is the current one or has not started.</summary>
    public readonly bool Has(WorkHandle item)
    {
        var word = Volatile.Read(in _word);
        for (var i = Math.Max(0, (word >> 16) - 1); i < (word & EndMask); i++)
        {
            if (_slots[i] == item)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Calls back what has not started.</summary>
    /// <returns>The index of the first that is called back; up to <paramref name="end"/>. Each must be taken out by <see cref="TakeOut"/>.</returns>
    public int Recall(out int end)
    {
        while (true)
        {
            var word = Volatile.Read(in _word);
            var next = word >> 16;
            end = word & EndMask;
            if (next == end || Interlocked.CompareExchange(ref _word, (next << 16) | next, word) == word)
            {
                return next;
            }
        }
    }

    public WorkHandle TakeOut(int index)
    {
        var item = _slots[index]!;
        _slots[index] = null;
        return item;
    }

    /// <summary>How many claims are booked as still queued.</summary>
    public readonly int Unbooked => (_word & EndMask) - _left;

    /// <summary>Books starts: how many have left the queue since the last time.</summary>
    public int FoldStarts()
    {
        var next = Volatile.Read(in _word) >> 16;
        var count = next - _left;
        _left = next;
        return count;
    }

    /// <summary>Books ends: an item that has succeeded since the last time, up to those that <see cref="FoldStarts"/> has seen start.</summary>
    public WorkHandle? FoldEnd()
    {
        if (_over >= _left - 1)
        {
            return null;
        }

        var item = _slots[_over]!;
        _slots[_over++] = null;
        return item;
    }

    [InlineArray(Most)]
    private struct Slots
    {
        private WorkHandle? _first;
    }
}
