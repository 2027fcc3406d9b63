namespace Runtime.Hosting.Queues;

// What the two dropping full modes do. They look at every queued item: those in the lanes, the delayed and the blocked.
internal sealed partial class BackgroundQueue
{
    // A burst of drops is one line at once, and then one for every such time with the number since.
    private static readonly TimeSpan DropLogInterval = TimeSpan.FromSeconds(10);

    // Drops since the last line, and when that was.
    private long _unloggedDrops;
    private long _lastDropLog;

    /// <summary>Makes room for a new item in a full queue, if the full mode allows it.</summary>
    /// <param name="entry">The new item.</param>
    /// <param name="now">The time.</param>
    /// <param name="after">What is left to do.</param>
    /// <param name="dropped">Whether it was the new item that was dropped.</param>
    /// <returns>Whether a place has been reserved for it.</returns>
    private bool MakeRoom_NeedsLock(WorkHandle entry, long now, ref Afterwork after, out bool dropped)
    {
        dropped = false;
        Recall_NeedsLock(now); // claims can be dropped too
        switch (_settings.FullMode)
        {
            case QueueFullMode.DropOldest:
                // More than one when the capacity was lowered below the count.
                while (!TryReserve_NeedsLock(now))
                {
                    if (FindOldest_NeedsLock() is not { } oldest)
                    {
                        _intake.ReserveAnyway(); // all places are of items that are about to be pushed: the next enqueue drops them
                        break;
                    }

                    DropQueued_NeedsLock(oldest, now, ref after);
                }

                return true;

            case QueueFullMode.DropLowestPriority:
                while (!TryReserve_NeedsLock(now))
                {
                    if (FindLast_NeedsLock() is not { } last)
                    {
                        _intake.ReserveAnyway();
                        break;
                    }

                    if (!NewOnePrecedes(entry, last, now))
                    {
                        DropNew_NeedsLock(entry, now, ref after);
                        dropped = true;
                        return false;
                    }

                    DropQueued_NeedsLock(last, now, ref after);
                }

                return true;

            default:
                return false;
        }
    }

    private WorkHandle? FindOldest_NeedsLock()
    {
        var oldest = Older(_lanes.Oldest, _delayed.Oldest);
        foreach (var key in _keys.Blocking)
        {
            oldest = Older(oldest, key.Blocked!.Oldest);
        }

        return oldest;

        // By acceptance: in the lanes' own count a delayed item is as old as its due time.
        static WorkHandle? Older(WorkHandle? one, WorkHandle? other) =>
            one is null ? other : other is null || one.Number < other.Number ? one : other;
    }

    private WorkHandle? FindLast_NeedsLock()
    {
        var last = Later(_lanes.Last, _delayed.Last);
        foreach (var key in _keys.Blocking)
        {
            last = Later(last, key.Blocked!.Last);
        }

        return last;

        static WorkHandle? Later(WorkHandle? one, WorkHandle? other) =>
            one is null ? other
            : other is null ? one
            : one.LanePriority != other.LanePriority ? (one.LanePriority > other.LanePriority ? one : other)
            : one.DeadlineTicks != other.DeadlineTicks ? (one.DeadlineTicks > other.DeadlineTicks ? one : other)
            : one.Number > other.Number ? one : other;
    }

    // The order without boost, in which the new item is behind its equals.
    private bool NewOnePrecedes(WorkHandle entry, WorkHandle last, long now)
    {
        var priority = _settings.Priorities ? entry.Options.Priority : Core.TaskPriority.Normal;
        if (priority != last.LanePriority)
        {
            return priority < last.LanePriority;
        }

        return _settings.Priorities && entry.Options.Deadline is { } deadline && now + Clock.ToTicks(deadline) < last.DeadlineTicks;
    }

    private void DropQueued_NeedsLock(WorkHandle entry, long now, ref Afterwork after)
    {
        entry.EnsureExtras().DroppedBy = _settings.FullMode;
        EndQueued_NeedsLock(entry, WorkStatus.Dropped, now, ref after);
        NoteDrop_NeedsLock(now, ref after);
    }

    // The new item was never in any structure, but it is in the books: accepted and dropped.
    private void DropNew_NeedsLock(WorkHandle entry, long now, ref Afterwork after)
    {
        Register_NeedsLock(entry, now);
        entry.EnsureExtras().DroppedBy = _settings.FullMode;
        Count_NeedsLock(WorkStatus.Dropped);
        End_NeedsLock(entry, WorkStatus.Dropped, now);
        after.AddEnded(entry);
        NoteDrop_NeedsLock(now, ref after);
    }

    private void NoteDrop_NeedsLock(long now, ref Afterwork after)
    {
        _unloggedDrops++;
        if (_lastDropLog == 0 || Clock.ToSpan(now - _lastDropLog) >= DropLogInterval)
        {
            after.AddDrops(_unloggedDrops);
            _unloggedDrops = 0;
            _lastDropLog = now;
        }
    }

    /// <summary>Logs drops. Outside the lock.</summary>
    internal void AfterDrops(long count) => _reporter.Dropped(count, Volatile.Read(ref _settings).FullMode);
}
