namespace Runtime.Core.Timing;

/// <summary>The entries of one slot of the wheel: an intrusive list, first in, first out, with removal from anywhere in O(1).</summary>
/// <remarks>Not a ring: taking the first one out, which is what happens to all that fire, then writes one reference and two nulls, and only the reference costs a write barrier.</remarks>
internal struct TimerSlot
{
    private TimerEntry? _first;
    private TimerEntry? _last;

    public readonly TimerEntry? First => _first;

    public void Append(TimerEntry entry)
    {
        if (_last is null)
        {
            _first = entry;
        }
        else
        {
            entry.PreviousInSlot = _last;
            _last.NextInSlot = entry;
        }

        _last = entry;
    }

    public void Remove(TimerEntry entry)
    {
        var next = entry.NextInSlot;
        var previous = entry.PreviousInSlot;
        if (previous is null)
        {
            _first = next;
        }
        else
        {
            previous.NextInSlot = next;
        }

        if (next is null)
        {
            _last = previous;
        }
        else
        {
            next.PreviousInSlot = previous;
        }

        // No stale link: an entry that lives on for years must not keep its former neighbours alive.
        entry.NextInSlot = entry.PreviousInSlot = null;
    }
}
