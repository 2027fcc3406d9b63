namespace Runtime.Core.Scheduling;

/// <summary>The lanes of a scheduler: everything that is not plain Normal work. Thread safe; one lock around a <see cref="LaneSet"/>.</summary>
internal sealed class SharedLanes(Action<WorkItem> afterClose)
{
    private readonly Lock _lock = new();

    // Under the lock.
    private readonly LaneSet _lanes = new();

    // Length of _lanes; written under the lock, read anywhere: one load per dequeue when no lane is in use.
    private int _count;

    // How often age decided; written under the lock.
    private long _boosts;

    // Set once, under the lock.
    private bool _closed;

    public bool IsEmpty => Volatile.Read(ref _count) == 0;

    public long Boosts => Volatile.Read(ref _boosts);

    public int CountOf(TaskPriority priority)
    {
        lock (_lock)
        {
            return _lanes.CountOf(priority);
        }
    }

    public long OldestReadyAt
    {
        get
        {
            lock (_lock)
            {
                return _lanes.OldestReadyAt;
            }
        }
    }

    /// <summary>Adds an item. A closed set hands it on instead.</summary>
    public void Add(WorkItem item)
    {
        lock (_lock)
        {
            if (!_closed)
            {
                _lanes.Add(item);
                Volatile.Write(ref _count, _lanes.Count);
                return;
            }
        }

        afterClose(item);
    }

    /// <summary>Takes the best item, if it goes before the plain work that the caller could run instead.</summary>
    /// <param name="now">The time in milliseconds.</param>
    /// <param name="threshold">The starvation threshold in milliseconds.</param>
    /// <param name="plainReadyAt">When the oldest plain item in the caller's reach became ready; <see cref="long.MaxValue"/> when there is none.</param>
    /// <param name="leastUrgent">The least urgent level that the caller accepts.</param>
    public WorkItem? TryTake(long now, long threshold, long plainReadyAt, int leastUrgent)
    {
        lock (_lock)
        {
            if (!_lanes.TryPeek(now, threshold, out var best) || best.Level > leastUrgent || PlainPrecedes(best, now, threshold, plainReadyAt))
            {
                return null;
            }

            _lanes.Remove(best.Item);
            Volatile.Write(ref _count, _lanes.Count);
            if (best.Level < (int)best.Item.Priority)
            {
                Volatile.Write(ref _boosts, _boosts + 1);
            }

            return best.Item;
        }
    }

    /// <summary>Hands on what is left, and from now on whatever is added.</summary>
    public void Close()
    {
        List<WorkItem> rest = [];
        lock (_lock)
        {
            _closed = true;
            while (_lanes.TryTake(0, 1, out var item, out _))
            {
                rest.Add(item);
            }

            Volatile.Write(ref _count, 0);
        }

        rest.ForEach(afterClose);
    }

    private static bool PlainPrecedes(LaneCandidate best, long now, long threshold, long plainReadyAt)
    {
        if (plainReadyAt == long.MaxValue)
        {
            return false;
        }

        var level = LaneSet.EffectiveLevel(TaskPriority.Normal, plainReadyAt, now, threshold);
        return level != best.Level
            ? level < best.Level
            : best.Item.DeadlineTicks == long.MaxValue && plainReadyAt <= best.Item.ReadyAt;
    }
}
