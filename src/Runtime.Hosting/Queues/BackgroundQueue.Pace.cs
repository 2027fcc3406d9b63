using Runtime.Core.Concurrency;

namespace Runtime.Hosting.Queues;

// One pump or several, one item at a time or several. When items take less than a microsecond, a pump claims many under one lock entry (Claims),
// and a second worker helps only with a backlog: for a few items the wake-up costs more than it brings. So while the pace is that brisk, the
// number of pumps follows the backlog, and none is dispatched for what the running ones will have taken in a moment.
// That trusts the next item to be like those before it. In case it is not, a watch looks every few milliseconds, on the thread of the runtime's monitor:
// when a pump has not taken an item since, its claims are called back, the pace is brisk no longer, and what waits gets a pump.
// The clock: a reading costs as much as a tenth of all else about a trivial item. So between the items of a claim a pump reads the coarse clock, and the exact
// one when that has moved on, or for the eighth item. The times of such items are right to some microseconds, and those of one that turns out to be long,
// to the milliseconds of the coarse clock. Items that are timed for the histograms, or looked up by id, are not among them.
// Rejected: pumps that tell enqueues the time too (a pump that is held up tells one that is milliseconds old: delays would end early). A pump on its way in any case, instead of the watch. With a producer about as fast as one pump that is a worker woken for every claim.
internal sealed partial class BackgroundQueue
{
    // A turn tells the pace when it had so many items.
    private const int ItemsThatTell = 32;
    private static readonly TimeSpan BriskItem = TimeSpan.FromMicroseconds(1);

    // Between two looks of the watch: a pump whose thread the system has taken off its processor for a moment is not stuck.
    private const long WatchMilliseconds = 5;

    // Whether the last turn that told was brisk. Off while the queue is idle. Under the lock, as all below.
    private bool _brisk;

    // Pumps that have taken an item and will look for another.
    private int _activePumps;

    // Whether the watch is to look, read by it without the lock; and when it last did, by the monotonic clock.
    private bool _isWatched;
    private long _watchedAt;

    // So many waiting items are worth another pump, and so many pumps at most can take from one lock without getting in each other's way.
    private const int BacklogPerPump = 64;
    private const int MostBriskPumps = 4;

    private bool IsBrisk_NeedsLock => _brisk && _activePumps > 0;

    // Whether producers have lately been at least half as fast as the pumps, and so keep a processor busy that one pump more would only take from them. When
    // they stop, the next pump is under way within one claim. With the counts when that was last judged. Under the lock.
    private bool _isFilling;
    private uint _pushedSeen;
    private long _finishedSeen;

    private static readonly int PumpsBesideProducer = Math.Clamp(Environment.ProcessorCount - 1, 1, MostBriskPumps);

    private bool HasEnoughPumps_NeedsLock => IsBrisk_NeedsLock
        && _activePumps >= Math.Min(1 + ((_lanes.Count + _intake.Pushed) / BacklogPerPump), _isFilling ? PumpsBesideProducer : MostBriskPumps);

    // Whether the watch is to find every pump quick. For tests, which a busy machine may hold up at any point.
    private bool _isPaceHeld;

    /// <summary>Takes the next items to be brisk, as after a brisk turn. For tests.</summary>
    /// <param name="hold">Whether the watch is to think so until <see cref="ReleasePace"/>.</param>
    internal void AssumeBrisk(bool hold = false)
    {
        lock (_lock)
        {
            _brisk = true;
            _isPaceHeld = hold;
        }
    }

    /// <summary>Lets the watch see for itself again. For tests.</summary>
    internal void ReleasePace()
    {
        lock (_lock)
        {
            _isPaceHeld = false;
        }
    }

    // So many items at most have their times from one reading of the clock.
    private const int ItemsPerReading = 8;

    /// <summary>The time at the end of an item, for which the lock is not needed.</summary>
    /// <param name="now">When the last reading was made.</param>
    /// <param name="milliseconds">By the coarse clock.</param>
    /// <param name="items">For how many items it has served.</param>
    private long NextTime(long now, ref long milliseconds, ref int items)
    {
        var coarse = MonotonicClock.Milliseconds;
        if (coarse == milliseconds && ++items < ItemsPerReading)
        {
            return now;
        }

        milliseconds = coarse;
        items = 0;
        return Clock.Now;
    }

    // Each time a pump comes to the lock.
    private void JudgeProducers_NeedsLock()
    {
        var finished = _finished - _finishedSeen;
        if (finished >= ItemsThatTell)
        {
            var pushed = _intake.EverPushed;
            _isFilling = pushed - _pushedSeen >= finished / 2;
            _pushedSeen = pushed;
            _finishedSeen = _finished;
        }
    }

    // At the end of a turn.
    private void JudgePace_NeedsLock(QueuePump pump, long now)
    {
        if (pump.ItemsOfTurn >= ItemsThatTell)
        {
            _brisk = now - pump.TurnBegan < Clock.ToTicks(BriskItem) * pump.ItemsOfTurn;
        }
    }

    private void WatchIfBrisk_NeedsLock(long now)
    {
        if (!_isWatched && IsBrisk_NeedsLock)
        {
            Volatile.Write(ref _isWatched, true);
            NoteTakes_NeedsLock(now);
        }
    }

    // Whether every pump that has an item has taken another since the last look.
    private bool NoteTakes_NeedsLock(long now)
    {
        _watchedAt = MonotonicClock.Milliseconds;
        Fold_NeedsLock(now);
        var all = true;
        foreach (var pump in _pumps)
        {
            all &= pump.Claims.Current is null || pump.Takes != pump.WatchedTakes;
            pump.WatchedTakes = pump.Takes;
        }

        return all;
    }

    /// <summary>The watch. On the thread of the runtime's monitor, which looks as long as any worker is awake.</summary>
    /// <returns>Whether it wants to look again soon.</returns>
    private bool OnLook()
    {
        if (!Volatile.Read(ref _isWatched))
        {
            return false;
        }

        var after = default(Afterwork);
        bool again;
        lock (_lock)
        {
            if (MonotonicClock.Milliseconds - _watchedAt < WatchMilliseconds)
            {
                return true;
            }

            var now = Clock.Now;
            again = (NoteTakes_NeedsLock(now) && IsBrisk_NeedsLock) || _isPaceHeld;
            Volatile.Write(ref _isWatched, again);
            if (!again)
            {
                _brisk = false;
                _isFilling = false;
                Recall_NeedsLock(now);
                EnsurePump_NeedsLock(now, ref after);
                Leave_NeedsLock(now, ref after);
            }
        }

        after.Run(this);
        return again;
    }
}
