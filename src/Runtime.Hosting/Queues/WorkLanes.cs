using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.InteropServices;
using Runtime.Core.Scheduling;

namespace Runtime.Hosting.Queues;

/// <summary>
/// Waiting items in the order of the design: priority, then earliest deadline, then first in, first out; an item is one level more
/// urgent for every starvation threshold it has waited.
/// </summary>
/// <remarks>
/// Not thread safe: used under the queue's lock. The same order as <see cref="LaneSet"/> keeps for the workers, by the same candidates; but that one
/// links items that are queued for microseconds through themselves, and this one holds thousands for long, so it keeps them in rings.
/// All operations are O(1) but those on deadlines, O(log n), and on share keys, O(log k).
/// </remarks>
internal sealed class WorkLanes
{
    private readonly WorkPlace _place;
    private readonly WorkLane[] _lanes;

    // Bit n is set while lane n holds an item.
    private uint _occupied;

    /// <summary>Creates an empty set.</summary>
    /// <param name="place">The place of the items that are in it.</param>
    public WorkLanes(WorkPlace place)
    {
        _place = place;
        _lanes = [new(place), new(place), new(place), new(place), new(place)];
    }

    public const int Levels = LaneSet.Levels;

    /// <summary>The lane of what is Critical by its caller's word, and those of everything else, as bits.</summary>
    public const uint CriticalLane = 1u << (int)Core.TaskPriority.Critical;
    public const uint OtherLanes = ~CriticalLane;

    public int Count { get; private set; }

    public int CountOf(int level) => _lanes[level].Count;

    public int PlainCountOf(int level) => _lanes[level].PlainCount;

    /// <inheritdoc cref="WorkLane.Track"/>
    public void Track(Promises? promises) => Array.ForEach(_lanes, lane => lane.Track(promises));

    /// <summary>When the oldest item became ready, or <see cref="long.MaxValue"/> when there is none.</summary>
    public long OldestReadyAt => Oldest?.ReadyAt ?? long.MaxValue;

    /// <summary>The item of the smallest sequence number.</summary>
    public WorkHandle? Oldest
    {
        get
        {
            WorkHandle? oldest = null;
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
    public WorkHandle? Last => _occupied == 0 ? null : _lanes[BitOperations.Log2(_occupied)].Last;

    /// <summary>Adds an item where its priority, deadline and sequence number belong.</summary>
    public void Add(WorkHandle item)
    {
        var level = (int)item.LanePriority;
        item.Place = _place;
        _lanes[level].Insert(item);
        _occupied |= 1u << level;
        Count++;
    }

    /// <summary>Removes an item that is in the set.</summary>
    public void Remove(WorkHandle item)
    {
        var level = (int)item.LanePriority;
        item.Place = WorkPlace.None;
        var lane = _lanes[level];
        lane.OnRemoved(item);
        Count--;
        if (lane.Count == 0)
        {
            _occupied &= ~(1u << level);
        }
    }

    /// <summary>Removes an item that a pump takes along.</summary>
    public void Claim(WorkHandle item)
    {
        Remove(item);
        item.Place = WorkPlace.Claimed;
    }

    /// <summary>Whether all items are of one priority and none has a deadline.</summary>
    public bool HasPlainOnly(int level) => _occupied == 1u << level && !_lanes[level].HasDated;

    /// <summary>How many share keys have items of a priority.</summary>
    public int ShareKeysOf(int level) => _lanes[level].ShareKeys;

    /// <inheritdoc cref="WorkLane.SetWeights"/>
    public void SetWeights(FrozenDictionary<string, int> weights) => Array.ForEach(_lanes, lane => lane.SetWeights(weights));

    /// <inheritdoc cref="WorkLane.OnTurn"/>
    public void OnTurn(WorkHandle item) => _lanes[(int)item.LanePriority].OnTurn(item);

    /// <summary>The oldest item of a priority that has no deadline.</summary>
    public WorkHandle? PeekPlain(int level) => _lanes[level].Plain;

    /// <summary>Takes the best item.</summary>
    /// <param name="now">The time, in the clock of <see cref="WorkHandle.ReadyAt"/>.</param>
    /// <param name="threshold">The starvation threshold in the same unit; more than zero.</param>
    /// <param name="item">The item.</param>
    /// <param name="boosted">Whether it was taken ahead of an item of a more urgent lane because of its age.</param>
    public bool TryTake(long now, long threshold, [NotNullWhen(true)] out WorkHandle? item, out bool boosted)
    {
        if (!TryPeek(now, threshold, out var best))
        {
            item = null;
            boosted = false;
            return false;
        }

        item = best.Item;
        boosted = IsAheadOfItsLane(item);
        Remove(item);
        return true;
    }

    /// <summary>Whether an item that is being taken goes before one of a more urgent lane, because of its age.</summary>
    public bool IsAheadOfItsLane(WorkHandle item) => BitOperations.TrailingZeroCount(_occupied) < (int)item.LanePriority;

    /// <summary>Finds the best item, of all lanes or of some, and leaves it in place.</summary>
    public bool TryPeek(long now, long threshold, out Candidate best, uint lanes = uint.MaxValue)
    {
        best = default;
        for (var mask = _occupied & lanes; mask != 0; mask &= mask - 1)
        {
            var lane = _lanes[BitOperations.TrailingZeroCount(mask)];
            Consider(lane.Plain, now, threshold, ref best);
            if (lane.HasDated)
            {
                Consider(lane.Earliest, now, threshold, ref best);
                Consider(lane.OldestDated, now, threshold, ref best);
            }
        }

        return best.Item is not null;
    }

    /// <summary>Lists all items, lane by lane.</summary>
    public List<WorkHandle> ToList()
    {
        var items = new List<WorkHandle>(Count);
        Array.ForEach(_lanes, lane => lane.CopyTo(items));
        return items;
    }

    private static void Consider(WorkHandle? item, long now, long threshold, ref Candidate best)
    {
        if (item is null)
        {
            return;
        }

        var candidate = new Candidate(item, LaneSet.EffectiveLevel(item.LanePriority, item.ReadyAt, now, threshold));
        if (best.Item is null || candidate.Precedes(best))
        {
            best = candidate;
        }
    }

    /// <summary>An item that could be taken next, with the level that its age gives it.</summary>
    [StructLayout(LayoutKind.Auto)]
    public readonly struct Candidate(WorkHandle item, int level)
    {
        public WorkHandle Item { get; } = item;

        public int Level { get; } = level;

        /// <summary>The order of the design: level, then deadline, then arrival.</summary>
        public bool Precedes(Candidate other)
        {
            if (Level != other.Level)
            {
                return Level < other.Level;
            }

            var deadline = Item.DeadlineTicks;
            var others = other.Item.DeadlineTicks;
            return deadline != others ? deadline < others : Item.Sequence < other.Item.Sequence;
        }
    }
}
