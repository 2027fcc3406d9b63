using System.Diagnostics.CodeAnalysis;
using System.Numerics;

namespace Runtime.Core.Scheduling;

/// <summary>
/// Waiting items in the order of the design: priority, then earliest deadline, then first in, first out; an item is one level more
/// urgent for every starvation threshold it has waited.
/// </summary>
/// <remarks>
/// Not thread safe: every member is called under the lock of the owner. All operations are O(1) but those on deadlines, O(log n).
/// <para>
/// A lane is one base priority. Items never move between lanes: each lane offers up to three candidates (its oldest item without a
/// deadline, its oldest with one, its earliest deadline), whose boost follows from their age, and the best of at most fifteen
/// candidates is taken. So aging costs nothing until it decides, and there is no pass over the queue that could stall it.
/// Among items of one lane that are boosted to different levels the oldest goes first, so the boost of every item is honoured in turn.
/// </para>
/// </remarks>
internal sealed class LaneSet
{
    public const int Levels = 5;

    private readonly Lane[] _lanes = [new(), new(), new(), new(), new()];

    // Bit n is set while lane n holds an item.
    private uint _occupied;

    // The sequence number of the next item; gives FIFO among equals across all lanes.
    private long _nextSequence;

    public int Count { get; private set; }

    public int CountOf(TaskPriority priority) => _lanes[(int)priority].Count;

    /// <summary>When the oldest item became ready, or <see cref="long.MaxValue"/> when there is none.</summary>
    public long OldestReadyAt => Oldest?.ReadyAt ?? long.MaxValue;

    /// <summary>The item that has waited longest.</summary>
    public LaneNode? Oldest
    {
        get
        {
            LaneNode? oldest = null;
            for (var mask = _occupied; mask != 0; mask &= mask - 1)
            {
                var candidate = _lanes[BitOperations.TrailingZeroCount(mask)].Oldest!;
                if (oldest is null || candidate.Sequence < oldest.Sequence)
                {
                    oldest = candidate;
                }
            }

            return oldest;
        }
    }

    /// <summary>The item that would be taken last if nothing were boosted.</summary>
    public LaneNode? Last => _occupied == 0 ? null : _lanes[BitOperations.Log2(_occupied)].Last;

    /// <summary>Adds a new item. Its priority, deadline and ready time must have been set.</summary>
    public void Add(LaneNode item)
    {
        item.Sequence = _nextSequence++;
        Restore(item);
    }

    /// <summary>Puts an item that was taken back in the place it had.</summary>
    public void Restore(LaneNode item)
    {
        var level = (int)item.Priority;
        _lanes[level].Insert(item);
        _occupied |= 1u << level;
        Count++;
    }

    /// <summary>Removes an item that is in the set.</summary>
    public void Remove(LaneNode item)
    {
        var level = (int)item.Priority;
        var lane = _lanes[level];
        lane.Remove(item);
        Count--;
        if (lane.Count == 0)
        {
            _occupied &= ~(1u << level);
        }
    }

    /// <summary>Takes the best item.</summary>
    /// <param name="now">The time, in the clock of <see cref="LaneNode.ReadyAt"/>.</param>
    /// <param name="threshold">The starvation threshold in the same unit; more than zero.</param>
    /// <param name="item">The item.</param>
    /// <param name="boosted">Whether it was taken ahead of an item of a more urgent lane because of its age.</param>
    public bool TryTake(long now, long threshold, [NotNullWhen(true)] out LaneNode? item, out bool boosted)
    {
        if (!TryPeek(now, threshold, out var best))
        {
            item = null;
            boosted = false;
            return false;
        }

        item = best.Item;
        boosted = BitOperations.TrailingZeroCount(_occupied) < (int)item.Priority;
        Remove(item);
        return true;
    }

    /// <summary>Finds the best item and leaves it in place.</summary>
    public bool TryPeek(long now, long threshold, out LaneCandidate best)
    {
        best = default;
        var found = false;
        for (var mask = _occupied; mask != 0; mask &= mask - 1)
        {
            var lane = _lanes[BitOperations.TrailingZeroCount(mask)];
            found |= Consider(lane.Plain.Head, now, threshold, ref best, found);
            if (lane.Dated.Count > 0)
            {
                found |= Consider(lane.Dated.Earliest, now, threshold, ref best, found);
                found |= Consider(lane.DatedByArrival.Head, now, threshold, ref best, found);
            }
        }

        return found;
    }

    private static bool Consider(LaneNode? item, long now, long threshold, ref LaneCandidate best, bool found)
    {
        if (item is null)
        {
            return false;
        }

        var candidate = new LaneCandidate(item, EffectiveLevel(item.Priority, item.ReadyAt, now, threshold));
        if (!found || candidate.Precedes(best))
        {
            best = candidate;
        }

        return true;
    }

    /// <summary>The level of an item that has waited since <paramref name="readyAt"/>: one less for each threshold passed, 0 at the least.</summary>
    public static int EffectiveLevel(TaskPriority priority, long readyAt, long now, long threshold)
    {
        var waited = now - readyAt;
        return waited < threshold ? (int)priority : (int)Math.Max(0, (long)priority - (waited / threshold));
    }
}
