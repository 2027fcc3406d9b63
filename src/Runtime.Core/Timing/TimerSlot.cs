namespace Runtime.Core.Timing;

/// <summary>The entries of one slot of the wheel: an intrusive ring, first in, first out, with removal from anywhere in O(1).</summary>
internal struct TimerSlot
{
    // The oldest entry; the newest one is before it in the ring. Null when the slot is empty.
    private TimerEntry? _first;

    public readonly TimerEntry? First => _first;

    public void Append(TimerEntry entry)
    {
        if (_first is null)
        {
            entry.NextInSlot = entry.PreviousInSlot = entry;
            _first = entry;
            return;
        }

        var last = _first.PreviousInSlot!;
        entry.NextInSlot = _first;
        entry.PreviousInSlot = last;
        last.NextInSlot = entry;
        _first.PreviousInSlot = entry;
    }

    public void Remove(TimerEntry entry)
    {
        if (entry.NextInSlot == entry)
        {
            _first = null;
        }
        else
        {
            entry.PreviousInSlot!.NextInSlot = entry.NextInSlot;
            entry.NextInSlot!.PreviousInSlot = entry.PreviousInSlot;
            if (_first == entry)
            {
                _first = entry.NextInSlot;
            }
        }

        // No stale link: an entry that lives on for years must not keep its former neighbours alive.
        entry.NextInSlot = entry.PreviousInSlot = null;
    }

    // The smallest deadline in the slot, by looking at every entry; long.MaxValue when it is empty.
    public readonly long Earliest()
    {
        var earliest = long.MaxValue;
        var entry = _first;
        while (entry is not null)
        {
            earliest = Math.Min(earliest, entry.When);
            entry = entry.NextInSlot == _first ? null : entry.NextInSlot;
        }

        return earliest;
    }
}
