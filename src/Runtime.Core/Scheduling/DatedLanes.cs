using Runtime.Core.Concurrency;

namespace Runtime.Core.Scheduling;

/// <summary>The part of the lanes that has deadlines. Thread safe; one lock around a <see cref="LaneSet"/>.</summary>
internal sealed class DatedLanes(Action<QueueEntry> afterClose)
{
    // How many free nodes are kept: what a burst needs again and again, and no more than 100 KB.
    private const int MostFree = 1024;

    private readonly Lock _lock = new();

    // Under the lock.
    private readonly LaneSet _lanes = new();

    // Nodes for the next items, linked by Next, and how many. Under the lock.
    private LaneNode? _free;
    private int _freeCount;

    // Length of _lanes; written under the lock, read anywhere.
    private AtomicInt32 _count;

    // How often age decided; written under the lock.
    private AtomicInt64 _boosts;

    // Set once, under the lock.
    private bool _closed;

    public int Count => _count.Value;

    public long Boosts => _boosts.Value;

    public int CountOf(TaskPriority priority)
    {
        using (_lock.EnterScope())
        {
            return _lanes.CountOf(priority);
        }
    }

    public long OldestReadyAt
    {
        get
        {
            using (_lock.EnterScope())
            {
                return _lanes.OldestReadyAt;
            }
        }
    }

    /// <summary>Adds items in order. A closed set hands them on instead. A full fence.</summary>
    public void AddMany(ReadOnlySpan<QueueEntry> entries, TaskPriority priority, long deadlineTicks)
    {
        using (_lock.EnterScope())
        {
            if (!_closed)
            {
                foreach (ref readonly var entry in entries)
                {
                    Add_NeedsLock(entry, priority, deadlineTicks);
                }

                _count.Exchange(_lanes.Count);
                return;
            }
        }

        foreach (ref readonly var entry in entries)
        {
            afterClose(entry);
        }
    }

    /// <summary>Takes the best item, if it goes before plain work and before the best item without a deadline.</summary>
    /// <param name="limits">What it has to go before.</param>
    /// <param name="other">The best item without a deadline.</param>
    /// <param name="entry">The item.</param>
    public bool TryTake(in SharedLanes.Limits limits, in SharedLanes.LevelCandidate other, out QueueEntry entry)
    {
        using (_lock.EnterScope())
        {
            // At the same level a deadline goes first.
            if (!_lanes.TryPeek(limits.Now, limits.Threshold, out var best)
                || best.Level > limits.LeastUrgent
                || best.Level > other.Level
                || limits.PlainPrecedes(best.Level, best.Item.DeadlineTicks, best.Item.ReadyAt))
            {
                entry = default;
                return false;
            }

            var node = best.Item;
            _lanes.Remove(node);
            _count.Value = _lanes.Count;
            if (best.Level < (int)node.Priority)
            {
                _boosts.Value = _boosts.Plain + 1;
            }

            entry = node.Entry;
            Free_NeedsLock(node);
            return true;
        }
    }

    /// <summary>Hands on what is left, and from now on whatever is added.</summary>
    public void Close()
    {
        List<QueueEntry> rest = [];
        using (_lock.EnterScope())
        {
            _closed = true;
            while (_lanes.TryTake(0, 1, out var node, out _))
            {
                rest.Add(node.Entry);
            }

            _count.Value = 0;
        }

        rest.ForEach(afterClose);
    }

    private void Add_NeedsLock(in QueueEntry entry, TaskPriority priority, long deadlineTicks)
    {
        var node = TakeNode_NeedsLock();
        node.Entry = entry;
        node.ReadyAt = entry.Ready.Milliseconds;
        node.Priority = priority;
        node.DeadlineTicks = deadlineTicks;
        _lanes.Add(node);
    }

    private LaneNode TakeNode_NeedsLock()
    {
        if (_free is not { } node)
        {
            return new LaneNode();
        }

        _free = node.Next;
        node.Next = null;
        _freeCount--;
        return node;
    }

    private void Free_NeedsLock(LaneNode node)
    {
        node.Entry = default;
        if (_freeCount < MostFree)
        {
            node.Next = _free;
            _free = node;
            _freeCount++;
        }
    }
}
