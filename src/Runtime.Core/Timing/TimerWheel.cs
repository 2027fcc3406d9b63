using System.Numerics;

namespace Runtime.Core.Timing;

// A hierarchical timing wheel. Not thread safe: its owner holds a lock around every call.
//
// Geometry. A tick number is read as eleven digits of six bits. Level L has 64 slots, one for each value of digit L; a slot
// of level L is 64^L ticks wide. An entry goes to the level of the highest digit in which its deadline differs from the
// current tick, and there to the slot of its own digit. All higher digits agree with the current tick, so the slot of an
// entry, together with the current tick, says exactly which stretch of time it stands for. No slot is ever used for two rounds.
//
// Eleven levels and not the usual six: 66 bits are more than a long has, so every deadline has a slot. Six would need a
// list for what is beyond them, which comes into play only when the clock crosses a multiple of 2^36 ticks: once in two
// years, on the machine with the longest uptime. A path like that is where other wheels have had their bugs.
//
// Invariants, between calls:
//   I1  every entry is due after the current tick, or it is in the first slot (I4);
//   I2  an entry in slot s of level L agrees with the current tick in all digits above L; and s is greater than digit L of the current tick (but I4);
//   I3  so of two occupied levels the lower one is due first, and within a level the lower slot: the first slot is found with two bit scans;
//   I4  at most one slot has the number of the current tick's own digit: the one that the last step began and had no budget to finish.
//       Its time is the current tick, it comes first, and nothing is inserted into it (a new entry differs from the current tick in its digit).
//       At level 0 I3 finds it by itself; above, _cascading remembers it, for what came out of it is now in lower levels.
//
// Step. The current tick moves to the start of the first slot. If that is a slot of level 0, its entries are due. Otherwise
// each is due at that very tick, or differs from it in a digit below L only, and so moves down. An entry moves at most ten
// times, whatever the length of its delay; a caller that stops after its budget leaves the rest in place (I4).
//
// Sources: Varghese and Lauck, "Hashed and hierarchical timing wheels" (SOSP 1987), scheme 7; the bitmaps and the choice of
// the level by the highest differing bit are those of Tokio's and Linux' wheels. Tests: TimerWheelTests, TimerWheelPropertyTests.
internal sealed class TimerWheel
{
    /// <summary>The most entries that one call of <see cref="Advance"/> touches.</summary>
    public const int StepBudget = 256;

    public const int Levels = 11;
    public const int BitsPerLevel = 6;
    public const int SlotsPerLevel = 1 << BitsPerLevel;
    private const int NoSlot = -1;

    // Level after level, 64 slots each.
    private readonly TimerSlot[] _slots = new TimerSlot[Levels * SlotsPerLevel];

    // Bit s of element L: slot s of level L holds an entry.
    private readonly ulong[] _occupied = new ulong[Levels];

    // Bit L: level L holds an entry.
    private uint _occupiedLevels;

    // The number of the slot above level 0 that is half moved down (I4), or NoSlot.
    private int _cascading = NoSlot;

    /// <summary>Creates an empty wheel.</summary>
    /// <param name="start">The current tick; not negative.</param>
    public TimerWheel(long start)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        Now = start;
    }

    /// <summary>Gets the tick up to which the wheel has been advanced.</summary>
    public long Now { get; private set; }

    /// <summary>Gets how many entries are in the wheel.</summary>
    public long Count { get; private set; }

    /// <summary>Gets the tick at which <see cref="Advance"/> has something to do next; at or before the first deadline. Null when the wheel is empty.</summary>
    public long? NextExpiration => FirstSlot() is var slot and not NoSlot ? StartOf(slot) : null;

    /// <summary>Puts an entry into the wheel. O(1).</summary>
    /// <param name="entry">An entry that is in no wheel.</param>
    /// <param name="when">The tick at which it is due; after <see cref="Now"/>.</param>
    public void Insert(TimerEntry entry, long when)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(when, Now);
        if (entry.Slot != TimerEntry.NotInWheel)
        {
            throw new InvalidOperationException($"The timer entry is in slot {entry.Slot} of a wheel; an entry can be inserted only once. Remove it first.");
        }

        entry.When = when;
        Link(entry);
        Count++;
    }

    /// <summary>Takes an entry out. O(1).</summary>
    /// <returns><see langword="false"/> when it was not in the wheel.</returns>
    public bool Remove(TimerEntry entry)
    {
        if (entry.Slot == TimerEntry.NotInWheel)
        {
            return false;
        }

        Unlink(entry);
        Count--;
        return true;
    }

    /// <summary>Takes any entry out, without regard to its deadline.</summary>
    /// <returns>The entry, or <see langword="null"/> when the wheel is empty.</returns>
    public TimerEntry? RemoveAny()
    {
        var slot = FirstSlot();
        if (slot == NoSlot)
        {
            return null;
        }

        var entry = _slots[slot].First!;
        Remove(entry);
        return entry;
    }

    /// <summary>Moves the wheel forward and takes out what has become due, in the order of the deadlines; among equal ones mostly first in, first out.</summary>
    /// <param name="now">The tick to move to. Nothing happens when the wheel is already there or beyond.</param>
    /// <param name="due">Receives the entries.</param>
    /// <param name="behind">Whether the call stopped because <paramref name="due"/> was full or it had touched <see cref="StepBudget"/> entries: call again.</param>
    /// <returns>How many entries are in <paramref name="due"/>.</returns>
    public int Advance(long now, Span<TimerPlace> due, out bool behind)
    {
        var count = 0;
        for (var touched = 0; ; touched++)
        {
            var slot = FirstSlot();
            var start = slot == NoSlot ? long.MaxValue : StartOf(slot);
            if (slot == NoSlot || start > now)
            {
                Now = Math.Max(Now, now);
                behind = false;
                return count;
            }

            if (touched == StepBudget || count == due.Length)
            {
                behind = true;
                return count;
            }

            Now = start;
            _cascading = slot >= SlotsPerLevel ? slot : NoSlot;
            var entry = _slots[slot].First!;
            Unlink(entry);
            if (entry.When <= Now)
            {
                due[count++].Entry = entry;
                Count--;
            }
            else
            {
                Link(entry);
            }
        }
    }

    private static int SlotNumber(int level, int digit) => (level << BitsPerLevel) | digit;

    private int FirstSlot()
    {
        if (_cascading != NoSlot || _occupiedLevels == 0)
        {
            return _cascading;
        }

        var level = BitOperations.TrailingZeroCount(_occupiedLevels);
        return SlotNumber(level, BitOperations.TrailingZeroCount(_occupied[level]));
    }

    // The higher digits come from the current tick (I2), the slot's own from its number, the lower ones are zero.
    private long StartOf(int slot)
    {
        var shift = (slot >> BitsPerLevel) * BitsPerLevel;
        var digit = slot & (SlotsPerLevel - 1);

        // Two shifts: at the top level one of all bits together would be a shift by 66, which is one by 2.
        return ((Now >> shift >> BitsPerLevel << BitsPerLevel) | (long)digit) << shift;
    }

    private void Link(TimerEntry entry)
    {
        // Setting the lowest digit gives level 0 to a difference in it, and keeps the logarithm defined.
        var difference = (ulong)(entry.When ^ Now) | (SlotsPerLevel - 1);
        var level = BitOperations.Log2(difference) / BitsPerLevel;
        var digit = (int)(entry.When >> (level * BitsPerLevel)) & (SlotsPerLevel - 1);

        entry.Slot = SlotNumber(level, digit);
        _slots[entry.Slot].Append(entry);
        _occupied[level] |= 1UL << digit;
        _occupiedLevels |= 1u << level;
    }

    private void Unlink(TimerEntry entry)
    {
        var slot = entry.Slot;
        _slots[slot].Remove(entry);
        entry.Slot = TimerEntry.NotInWheel;
        if (_slots[slot].First is not null)
        {
            return;
        }

        var level = slot >> BitsPerLevel;
        _occupied[level] &= ~(1UL << slot);
        if (_occupied[level] == 0)
        {
            _occupiedLevels &= ~(1u << level);
        }

        if (slot == _cascading)
        {
            _cascading = NoSlot;
        }
    }
}
