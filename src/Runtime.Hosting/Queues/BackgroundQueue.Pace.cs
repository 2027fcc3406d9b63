namespace Runtime.Hosting.Queues;

// One pump or several, one item at a time or several. When items take less than a microsecond, a pump claims many under one lock entry (Claims),
// and a second worker helps only with a backlog: for a few items the wake-up costs more than it brings. So while the pace is that brisk, the
// number of pumps follows the backlog, and none is dispatched for what the running ones will have taken in a moment.
// That trusts the next item to be like those before it. In case it is not, a watch looks every few milliseconds, on the system's timers:
// when a pump has not taken an item since, its claims are called back, the pace is brisk no longer, and what waits gets a pump.
// Rejected: a pump on its way in any case, instead of the watch. With a producer about as fast as one pump that is a worker woken for every claim.
internal sealed partial class BackgroundQueue
{
    // A turn tells the pace when it had so many items.
    private const int ItemsThatTell = 32;
    private static readonly TimeSpan BriskItem = TimeSpan.FromMicroseconds(1);
    private static readonly TimeSpan WatchInterval = TimeSpan.FromMilliseconds(5);

    // Whether the last turn that told was brisk. Off while the queue is idle. Under the lock, as all below.
    private bool _brisk;

    // Pumps that have taken an item and will look for another.
    private int _activePumps;

    // The watch's timer, and whether it is armed.
    private readonly ITimer _watch;
    private bool _isWatched;

    // So many waiting items are worth another pump, and so many pumps at most can take from one lock without getting in each other's way.
    private const int BacklogPerPump = 64;
    private const int MostBriskPumps = 4;

    private bool IsBrisk_NeedsLock => _brisk && _activePumps > 0;

    private bool HasEnoughPumps_NeedsLock => IsBrisk_NeedsLock && _activePumps >= Math.Min(1 + (_lanes.Count / BacklogPerPump), MostBriskPumps);

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

    // At the end of a turn.
    private void JudgePace_NeedsLock(QueuePump pump, long now)
    {
        if (pump.ItemsOfTurn >= ItemsThatTell)
        {
            _brisk = now - pump.TurnBegan < Clock.ToTicks(BriskItem) * pump.ItemsOfTurn;
        }
    }

    /// <summary>Arms the watch if the pace is brisk. Outside the lock.</summary>
    private void WatchIfBrisk(long now)
    {
        lock (_lock)
        {
            if (!IsBrisk_NeedsLock || _isWatched)
            {
                return;
            }

            _isWatched = true;
            NoteTakes_NeedsLock(now);
        }

        _watch.Change(WatchInterval, Timeout.InfiniteTimeSpan);
    }

    // Whether every pump that has an item has taken another since the last look.
    private bool NoteTakes_NeedsLock(long now)
    {
        Fold_NeedsLock(now);
        var all = true;
        foreach (var pump in _pumps)
        {
            all &= pump.Claims.Current is null || pump.Takes != pump.WatchedTakes;
            pump.WatchedTakes = pump.Takes;
        }

        return all;
    }

    private void OnWatch()
    {
        var after = default(Afterwork);
        var now = Clock.Now;
        bool again;
        lock (_lock)
        {
            again = (NoteTakes_NeedsLock(now) && IsBrisk_NeedsLock) || _isPaceHeld;
            _isWatched = again;
            if (!again)
            {
                _brisk = false;
                Recall_NeedsLock(now);
                EnsurePump_NeedsLock(now, ref after);
                Leave_NeedsLock(now, ref after);
            }
        }

        after.Run(this);
        if (again)
        {
            _watch.Change(WatchInterval, Timeout.InfiniteTimeSpan);
        }
    }
}
