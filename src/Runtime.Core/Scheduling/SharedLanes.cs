using System.Runtime.InteropServices;

namespace Runtime.Core.Scheduling;

/// <summary>The lanes of a scheduler: everything that is not plain Normal work. Thread safe; one lock around a <see cref="LaneSet"/>.</summary>
internal sealed class SharedLanes(Action<object> afterClose)
{
    // How many free nodes are kept: what a burst needs again and again, and no more than 100 KB.
    private const int MostFree = 1024;

    private readonly Lock _lock = new();

    // Under the lock.
    private readonly LaneSet _lanes = new();

    // Nodes for the next items, linked by Next, and how many. Under the lock.
    private LaneNode? _free;
    private int _freeCount;

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
    /// <param name="entry">The item.</param>
    /// <param name="priority">The lane: the item's own priority, or a more urgent one for what a blocked worker may be waiting for.</param>
    /// <param name="deadlineTicks">The deadline, or <see cref="long.MaxValue"/>.</param>
    public void Add(QueueEntry entry, TaskPriority priority, long deadlineTicks) => AddMany(new ReadOnlySpan<QueueEntry>(in entry), priority, deadlineTicks);

    /// <summary>Adds items in order. A closed set hands them on instead.</summary>
    public void AddMany(ReadOnlySpan<QueueEntry> entries, TaskPriority priority, long deadlineTicks)
    {
        lock (_lock)
        {
            if (!_closed)
            {
                foreach (ref readonly var entry in entries)
                {
                    Add_NeedsLock(entry, priority, deadlineTicks);
                }

                Volatile.Write(ref _count, _lanes.Count);
                return;
            }
        }

        foreach (ref readonly var entry in entries)
        {
            afterClose(entry.Item);
        }
    }

    private void Add_NeedsLock(in QueueEntry entry, TaskPriority priority, long deadlineTicks)
    {
        var node = TakeNode_NeedsLock();
        node.Item = entry.Item;
        node.Ready = entry.Ready;
        node.ReadyAt = entry.Ready.Milliseconds;
        node.Priority = priority;
        node.DeadlineTicks = deadlineTicks;
        _lanes.Add(node);
    }

    /// <summary>Takes the best item, if it goes before the plain work that the caller could run instead.</summary>
    /// <param name="limits">What it has to go before.</param>
    /// <param name="entry">The item.</param>
    public bool TryTake(in Limits limits, out QueueEntry entry)
    {
        lock (_lock)
        {
            if (!_lanes.TryPeek(limits.Now, limits.Threshold, out var best) || best.Level > limits.LeastUrgent || PlainPrecedes(best, limits))
            {
                entry = default;
                return false;
            }

            var node = best.Item;
            _lanes.Remove(node);
            Volatile.Write(ref _count, _lanes.Count);
            if (best.Level < (int)node.Priority)
            {
                Volatile.Write(ref _boosts, _boosts + 1);
            }

            entry = new QueueEntry(node.Item, node.Ready);
            Free_NeedsLock(node);
            return true;
        }
    }

    /// <summary>Hands on what is left, and from now on whatever is added.</summary>
    public void Close()
    {
        List<object> rest = [];
        lock (_lock)
        {
            _closed = true;
            while (_lanes.TryTake(0, 1, out var node, out _))
            {
                rest.Add(node.Item);
            }

            Volatile.Write(ref _count, 0);
        }

        rest.ForEach(afterClose);
    }

    private static bool PlainPrecedes(LaneCandidate best, in Limits limits)
    {
        if (limits.PlainReadyAt == long.MaxValue)
        {
            return false;
        }

        var level = LaneSet.EffectiveLevel(TaskPriority.Normal, limits.PlainReadyAt, limits.Now, limits.Threshold);
        return level != best.Level
            ? level < best.Level
            : best.Item.DeadlineTicks == long.MaxValue && limits.PlainReadyAt <= best.Item.ReadyAt;
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
        node.Item = null!;
        if (_freeCount < MostFree)
        {
            node.Next = _free;
            _free = node;
            _freeCount++;
        }
    }

    /// <summary>What an item of a lane has to go before.</summary>
    /// <param name="Now">The time in milliseconds.</param>
    /// <param name="Threshold">The starvation threshold in milliseconds.</param>
    /// <param name="PlainReadyAt">When the oldest plain item in the caller's reach became ready; <see cref="long.MaxValue"/> when there is none.</param>
    /// <param name="LeastUrgent">The least urgent level that the caller accepts.</param>
    [StructLayout(LayoutKind.Auto)]
    internal readonly record struct Limits(long Now, long Threshold, long PlainReadyAt, int LeastUrgent);
}
