// SharedLanes: everything that is not plain Normal work, by priority. What has no deadline is in a queue of its level, lock-free as the injector is; what has
// one is in a LaneSet under a lock.
//
// Shared words   written by                                                        read by
//   _occupied    adders set a bit after the add, takers clear it; by Interlocked   every dequeue: one load while no lane is in use
//   _levels      made when a priority is first used, under _lock, release store    all
//   _dated       under _lock
//
// Invariant:  while a level holds an item that can be taken, and nobody is inside Add or TryTake, its bit is set.
// Protocol:   add    publish the item; full fence; if the bit is not set, set it.
//             take   a level that has nothing to take: clear its bit (a full fence); look again; set the bit if there is something now.
//             Either the adder's look comes before the clear, and then the taker's second look finds the item; or after it, and then the adder sets the bit.
// Races:      the taker judges by the oldest item of each level and then pops the level it has chosen: it may get the next one, when another taker was first.
//             That one is of the same priority, and if its age would have decided otherwise it will at the next look.
// Gap:        an item that is still being written into its ring hides those behind it, as in the injector; its adder wakes a worker afterwards.
// Rejected:   one lock around all of it: with two workers and a producer three quarters of the time went into handing its line to and fro. One look at the best
//             item for several takes: the worker would run Low while High waits.
// Tests:      SharedLanesTests, AsyncRuntimeOrderTests, the model suites.
using System.Numerics;
using System.Runtime.InteropServices;
using Runtime.Core.Concurrency;

namespace Runtime.Core.Scheduling;

/// <summary>The lanes of a scheduler: everything that is not plain Normal work. Thread safe.</summary>
internal sealed class SharedLanes(Action<QueueEntry> afterClose)
{
    private const int Levels = LaneSet.Levels;

    // The bit of what has a deadline, behind those of the levels.
    private const int DatedBit = 1 << Levels;

    private readonly AtomicReference<Injector>[] _levels = new AtomicReference<Injector>[Levels];

    private readonly DatedLanes _dated = new(afterClose);

    private readonly Lock _lock = new();

    private AtomicInt32 _occupied;

    // How often age decided; by Interlocked.
    private AtomicInt64 _boosts;

    // Set once, under the lock.
    private bool _closed;

    public bool IsEmpty => _occupied.Value == 0;

    public long Boosts => _boosts.Value + _dated.Boosts;

    /// <summary>How many items wait; a hint.</summary>
    public int Count
    {
        get
        {
            var count = (_occupied.Value & DatedBit) == 0 ? 0 : _dated.Count;
            foreach (ref var level in _levels.AsSpan())
            {
                count += level.Value?.Count ?? 0;
            }

            return count;
        }
    }

    public int CountOf(TaskPriority priority) => (_levels[(int)priority].Value?.Count ?? 0) + _dated.CountOf(priority);

    public long OldestReadyAt
    {
        get
        {
            var oldest = _dated.OldestReadyAt;
            foreach (ref var level in _levels.AsSpan())
            {
                oldest = Math.Min(oldest, level.Value?.OldestReadyAt ?? long.MaxValue);
            }

            return oldest;
        }
    }

    /// <summary>Adds an item. A closed set hands it on instead. A full fence.</summary>
    /// <param name="entry">The item.</param>
    /// <param name="priority">The lane: the item's own priority, or a more urgent one for what a blocked worker may be waiting for.</param>
    /// <param name="deadlineTicks">The deadline, or <see cref="long.MaxValue"/>.</param>
    public void Add(QueueEntry entry, TaskPriority priority, long deadlineTicks) => AddMany(new ReadOnlySpan<QueueEntry>(in entry), priority, deadlineTicks);

    /// <summary>Adds items in order. A closed set hands them on instead. A full fence.</summary>
    public void AddMany(ReadOnlySpan<QueueEntry> entries, TaskPriority priority, long deadlineTicks)
    {
        if (deadlineTicks == long.MaxValue)
        {
            LevelOf(priority).PushMany(entries);
            SetBit(1 << (int)priority);
        }
        else
        {
            _dated.AddMany(entries, priority, deadlineTicks);
            SetBit(DatedBit);
        }
    }

    /// <summary>Takes the best item, if it goes before the plain work that the caller could run instead.</summary>
    /// <param name="limits">What it has to go before.</param>
    /// <param name="entry">The item.</param>
    public bool TryTake(in Limits limits, out QueueEntry entry)
    {
        while (true)
        {
            var best = BestLevel(limits);
            if ((_occupied.Value & DatedBit) != 0)
            {
                if (_dated.TryTake(limits, best, out entry))
                {
                    return true;
                }

                ClearDatedIfEmpty();
            }

            if (best.ReadyAt == long.MaxValue || best.Level > limits.LeastUrgent || limits.PlainPrecedes(best.Level, long.MaxValue, best.ReadyAt))
            {
                entry = default;
                return false;
            }

            if (_levels[best.Lane].Value!.TryPop(out entry))
            {
                if (best.Level < best.Lane)
                {
                    _boosts.Add(1);
                }

                return true;
            }
        }
    }

    /// <summary>Hands on what is left, and from now on whatever is added.</summary>
    public void Close()
    {
        using (_lock.EnterScope())
        {
            _closed = true;
        }

        foreach (ref var level in _levels.AsSpan())
        {
            level.Value?.Close();
        }

        _dated.Close();
    }

    // The level whose oldest item is the most urgent.
    private LevelCandidate BestLevel(in Limits limits)
    {
        var best = LevelCandidate.None;
        for (var mask = _occupied.Value & (DatedBit - 1); mask != 0; mask &= mask - 1)
        {
            var lane = BitOperations.TrailingZeroCount(mask);
            var queue = _levels[lane].Value!;
            var readyAt = queue.OldestReadyAt;
            if (readyAt == long.MaxValue)
            {
                ClearIfEmpty(lane, queue);
                continue;
            }

            var candidate = new LevelCandidate(lane, LaneSet.EffectiveLevel((TaskPriority)lane, readyAt, limits.Now, limits.Threshold), readyAt);
            if (candidate.Precedes(best))
            {
                best = candidate;
            }
        }

        return best;
    }

    private void ClearIfEmpty(int lane, Injector queue)
    {
        if (queue.IsEmpty)
        {
            ClearBit(1 << lane);
            if (!queue.IsEmpty)
            {
                SetBit(1 << lane);
            }
        }
    }

    private void ClearDatedIfEmpty()
    {
        if (_dated.Count == 0)
        {
            ClearBit(DatedBit);
            if (_dated.Count != 0)
            {
                SetBit(DatedBit);
            }
        }
    }

    // After a full fence.
    private void SetBit(int bit)
    {
        if ((_occupied.Value & bit) == 0)
        {
            _occupied.Or(bit);
        }
    }

    private void ClearBit(int bit) => _occupied.And(~bit);

    private Injector LevelOf(TaskPriority priority) => _levels[(int)priority].Value ?? MakeLevel(priority);

    private Injector MakeLevel(TaskPriority priority)
    {
        using (_lock.EnterScope())
        {
            ref var level = ref _levels[(int)priority];
            if (level.Value is { } made)
            {
                return made;
            }

            var queue = new Injector(afterClose);
            if (_closed)
            {
                queue.Close();
            }

            level.Value = queue;
            return queue;
        }
    }

    /// <summary>The oldest item of a level.</summary>
    /// <param name="Lane">The level it was queued at.</param>
    /// <param name="Level">The level that its age gives it.</param>
    /// <param name="ReadyAt">When it became ready, in milliseconds; <see cref="long.MaxValue"/> for no item.</param>
    [StructLayout(LayoutKind.Auto)]
    internal readonly record struct LevelCandidate(int Lane, int Level, long ReadyAt)
    {
        public static LevelCandidate None { get; } = new(Levels, int.MaxValue, long.MaxValue);

        public bool Precedes(in LevelCandidate other) => Level != other.Level ? Level < other.Level : ReadyAt < other.ReadyAt;
    }

    /// <summary>What an item of a lane has to go before.</summary>
    /// <param name="Now">The time in milliseconds.</param>
    /// <param name="Threshold">The starvation threshold in milliseconds.</param>
    /// <param name="PlainReadyAt">When the oldest plain item in the caller's reach became ready; <see cref="long.MaxValue"/> when there is none.</param>
    /// <param name="LeastUrgent">The least urgent level that the caller accepts.</param>
    [StructLayout(LayoutKind.Auto)]
    internal readonly record struct Limits(long Now, long Threshold, long PlainReadyAt, int LeastUrgent)
    {
        /// <summary>Whether the oldest plain item goes before an item of a lane.</summary>
        public bool PlainPrecedes(int level, long deadlineTicks, long readyAt)
        {
            if (PlainReadyAt == long.MaxValue)
            {
                return false;
            }

            var plain = LaneSet.EffectiveLevel(TaskPriority.Normal, PlainReadyAt, Now, Threshold);
            return plain != level ? plain < level : deadlineTicks == long.MaxValue && PlainReadyAt <= readyAt;
        }
    }
}
