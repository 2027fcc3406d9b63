namespace Runtime.Hosting.Queues;

// One pump or several. When items take less than a microsecond, a second worker gets in the way more than it helps: the two would pass the same
// cache lines to and fro for every item. While the pace is that brisk, one pump at a time is enough, and no second one is dispatched.
// That trusts the next item to be like those before it. In case it is not, a watch looks every few milliseconds, on the system's timers:
// when the pump has not taken an item since, the pace is brisk no longer, and what waits gets a pump.
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

    // Items taken, ever; and how many that were when the watch last looked.
    private long _takes;
    private long _watchedTakes;

    // The watch's timer, and whether it is armed.
    private readonly ITimer _watch;
    private bool _isWatched;

    private bool IsBrisk_NeedsLock => _brisk && _activePumps > 0;

    // At the end of a turn.
    private void JudgePace_NeedsLock(QueuePump pump, long now)
    {
        if (pump.Items >= ItemsThatTell)
        {
            _brisk = now - pump.TurnBegan < Clock.ToTicks(BriskItem) * pump.Items;
        }
    }

    /// <summary>Arms the watch if the pace is brisk. Outside the lock.</summary>
    private void WatchIfBrisk()
    {
        lock (_lock)
        {
            if (!IsBrisk_NeedsLock || _isWatched)
            {
                return;
            }

            _isWatched = true;
            _watchedTakes = _takes;
        }

        _watch.Change(WatchInterval, Timeout.InfiniteTimeSpan);
    }

    private void OnWatch()
    {
        var after = default(Afterwork);
        var now = Clock.Now;
        bool again;
        lock (_lock)
        {
            again = IsBrisk_NeedsLock && _takes != _watchedTakes;
            _isWatched = again;
            if (!again)
            {
                _brisk = false;
                EnsurePump_NeedsLock(now, ref after);
                Leave_NeedsLock(now, ref after);
            }

            _watchedTakes = _takes;
        }

        after.Run(this);
        if (again)
        {
            _watch.Change(WatchInterval, Timeout.InfiniteTimeSpan);
        }
    }
}
