using System.Diagnostics.CodeAnalysis;
using System.Numerics;

namespace Runtime.Hosting.Queues;

// The books. Each item is in exactly one of the seven counters below _accepted, and moves between them under the lock.
internal sealed partial class BackgroundQueue
{
    // Items ever accepted.
    private long _accepted;

    // The latest sequence number; items get theirs when they are accepted, delayed ones a second one when they are due.
    private long _sequence;

    // Started and not ended, without the abandoned. The number of concurrency places taken.
    private int _running;

    private long _succeeded;
    private long _failed;
    private long _cancelled;
    private long _dropped;
    private long _abandoned;

    // Items that are over, the ordinal of the latest (see WorkHistory). Abandoned ones count when they really end.
    private long _finished;

    // Enqueues refused because the queue was full; not part of the sum.
    private long _rejected;

    private long _boosts;

    // How fast items leave.
    private DrainRate _drain;

    // Which items are timed for the histograms: those whose sequence number has none of these bits. Written under the lock, read anywhere.
    private int _untimedBits;

    public int Count
    {
        get
        {
            lock (_lock)
            {
                var now = Clock.Now;
                Collect_NeedsLock(now);
                Fold_NeedsLock(now);
                return _held;
            }
        }
    }

    public int Capacity => Volatile.Read(ref _settings).Capacity;

    /// <summary>How many items can be found by id, live ones included.</summary>
    public int RememberedItems
    {
        get
        {
            lock (_lock)
            {
                return _history.Count;
            }
        }
    }

    public TimeSpan EstimateRetryAfter()
    {
        var now = Clock.Now;
        lock (_lock)
        {
            Fold_NeedsLock(now);
            var missing = _intake.Reserved - _unreturned - _settings.Capacity + 1 + _waiters;
            var late = _promises is null || _lateUntil <= now ? TimeSpan.Zero : TimeSpan.FromSeconds(Math.Ceiling(Clock.ToSeconds(_lateUntil - now)));
            var room = missing <= 0 ? TimeSpan.Zero : _drain.TimeFor(missing, now);
            return room > late ? room : late;
        }
    }

    public QueueSnapshot Snapshot()
    {
        var after = default(Afterwork);
        var now = Clock.Now;
        QueueSnapshot snapshot;
        lock (_lock)
        {
            _mustEnsure |= Collect_NeedsLock(now);
            Recall_NeedsLock(now); // so that the lanes show what waits
            var unbooked = Unbooked_NeedsLock();
            snapshot = new QueueSnapshot
            {
                Name = Name,
                Capacity = _settings.Capacity,
                MaxConcurrency = _settings.MaxConcurrency,
                FullMode = _settings.FullMode,
                Queued = _held,
                QueuedByPriority = CountByPriority_NeedsLock(),
                Delayed = _delayed.Count,
                Blocked = _keys.BlockedCount,
                Running = _running - unbooked,
                Waiters = _waiters,
                Accepted = _accepted,
                Succeeded = _succeeded + unbooked,
                Failed = _failed,
                Cancelled = _cancelled,
                Dropped = _dropped,
                Abandoned = _abandoned,
                Rejected = _rejected,
                RejectedLate = _rejectedLate,
                MissedDeadlines = _missed,
                StarvationBoosts = _boosts,
                OldestWait = Clock.ToSpan(Math.Max(0, now - OldestReadyAt_NeedsLock(now))),
                DrainRate = _drain.PerSecond,
            };
            EnsurePump_NeedsLock(now, ref after);
            Leave_NeedsLock(now, ref after);
        }

        after.Run(this);
        return snapshot;
    }

    /// <summary>Returns the id of an item and makes the item findable by it.</summary>
    public Guid IdOf(WorkHandle entry)
    {
        var extras = entry.EnsureExtras();
        var secret = extras.Secret;
        if (secret == 0)
        {
            secret = _services.Secrets.Next();
            var after = default(Afterwork);
            var now = Clock.Now;
            lock (_lock)
            {
                Collect_NeedsLock(now); // the item has no number before that
                if (extras.Secret == 0)
                {
                    extras.Secret = secret;
                    Settle_NeedsLock(entry, now); // from here on it ends under the lock, which notes it in the history
                    Fold_NeedsLock(now);
                    _history.Add(entry, _finished, _settings.HistorySize);
                    EnsurePump_NeedsLock(now, ref after);
                    Leave_NeedsLock(now, ref after);
                }

                secret = extras.Secret;
            }

            after.Run(this);
        }

        return WorkIds.Compose(Number, entry.Number, secret);
    }

    /// <summary>Finds a live item, or one of the latest finished.</summary>
    public bool TryFind(long number, ulong secret, [NotNullWhen(true)] out WorkHandle? handle)
    {
        lock (_lock)
        {
            handle = _history.TryFind(number, secret, _finished, _settings.HistorySize, out var entry) ? entry : null;
            return handle is not null;
        }
    }

    private int[] CountByPriority_NeedsLock()
    {
        var counts = new int[WorkLanes.Levels];
        for (var level = 0; level < counts.Length; level++)
        {
            counts[level] = _lanes.CountOf(level) + _delayed.CountOf(level) + _keys.Blocking.Sum(key => key.Blocked!.CountOf(level));
        }

        return counts;
    }

    private long OldestReadyAt_NeedsLock(long now)
    {
        var oldest = Math.Min(now, _lanes.OldestReadyAt);
        foreach (var key in _keys.Blocking)
        {
            oldest = Math.Min(oldest, key.Blocked!.OldestReadyAt);
        }

        return oldest;
    }

    // A histogram takes 40 to 70 ns to record a value with two tags: nothing for an item of a millisecond, a third of the whole cost of a trivial
    // one. So a queue that passes more than 20,000 items a second times every second, fourth, … of them; quantiles and means stay true.
    private const double MostTimedPerSecond = 20_000;

    private bool IsTimed(WorkHandle entry) => (entry.Sequence & _untimedBits) == 0;

    private void ChooseTimed_NeedsLock()
    {
        var every = Math.Clamp(_drain.PerSecond / MostTimedPerSecond, 1, 1 << 16);
        _untimedBits = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Ceiling(every)) - 1;
    }
}
