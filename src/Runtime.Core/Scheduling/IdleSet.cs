// IdleSet: which workers are parked and how many are searching; decides whether a push must wake somebody.
//
// Shared words   written by                               read by
//   _searching   workers and wakers, by Interlocked       every push
//   _parked      under _lock, release store               every push
//   _sleepers    under _lock
//
// Protocol:   push    publish the item; full fence; if nobody searches and somebody is parked, wake one.
//             wake    under the lock, and only if still nobody searches: take the last parked worker, count it as searching; unpark it.
//             search  a worker without work counts as searching while it looks, at most half of the workers at once.
//             found   the last searcher that finds work stops searching and, if more is left, wakes the next: the ramp-up is a chain.
//             park    under the lock: enter _sleepers, stop searching; full fence; look everywhere once more; only then sleep.
// No lost wake-up: the fences of push and park are ordered one way or the other. If the push's comes first, the last look finds the item.
//             If park's comes first, the push sees the worker parked and not searching: it wakes one, unless another worker is
//             searching, and that one does its own last look later still.
// Sources:    Go's proc.go ("work; StoreLoad; check"), Tokio's idle.rs, rayon's sleep README.
// Tests:      SchedulerTests.Park_*, stress.
namespace Runtime.Core.Scheduling;

/// <summary>The parked and the searching workers of one scheduler. Thread safe.</summary>
internal sealed class IdleSet
{
    private readonly Lock _lock = new();

    // The parked workers, most recently parked last; it is woken first because its cache is warmest. Under the lock.
    private readonly List<Worker> _sleepers = [];

    // How many workers look for work, woken ones that have not looked yet included.
    private int _searching;

    // Length of _sleepers.
    private int _parked;

    public int Parked => Volatile.Read(ref _parked);

    /// <summary>Whether a push would have to wake a worker. The caller has published its item and then fenced.</summary>
    public bool NeedsWake => Volatile.Read(ref _searching) == 0 && Volatile.Read(ref _parked) != 0;

    /// <summary>Wakes one worker, unless one is searching already or none is parked.</summary>
    public void WakeOne()
    {
        Worker worker;
        lock (_lock)
        {
            if (_searching != 0 || _parked == 0)
            {
                return;
            }

            worker = _sleepers[^1];
            _sleepers.RemoveAt(_sleepers.Count - 1);
            Volatile.Write(ref _parked, _sleepers.Count);
            Interlocked.Increment(ref _searching);
            worker.IsSearching = true; // published by the unpark
        }

        worker.Unpark();
    }

    /// <summary>Wakes a certain worker if it is parked, e.g. because it is to retire.</summary>
    public void Wake(Worker worker)
    {
        if (Remove(worker))
        {
            worker.Unpark();
        }
    }

    /// <summary>Counts the caller as searching, unless half of the workers already are.</summary>
    public bool TryStartSearching(int workers)
    {
        if (2 * Volatile.Read(ref _searching) >= workers)
        {
            return false;
        }

        Interlocked.Increment(ref _searching);
        return true;
    }

    /// <summary>Stops counting the caller as searching.</summary>
    /// <returns>Whether it was the last one.</returns>
    public bool StopSearching() => Interlocked.Decrement(ref _searching) == 0;

    /// <summary>Enters a worker among the parked; it stops searching. The caller then looks everywhere once more before it sleeps.</summary>
    public void Enter(Worker worker)
    {
        lock (_lock)
        {
            _sleepers.Add(worker);
            Volatile.Write(ref _parked, _sleepers.Count);
            if (worker.IsSearching)
            {
                worker.IsSearching = false;
                Interlocked.Decrement(ref _searching);
            }
        }

        Interlocked.MemoryBarrier(); // pairs with the fence before NeedsWake in Scheduler.Notify
    }

    /// <summary>Takes a worker out of the parked ones.</summary>
    /// <returns><see langword="false"/> when a waker was first: its unpark is on the way and must be consumed.</returns>
    public bool Remove(Worker worker)
    {
        lock (_lock)
        {
            if (!_sleepers.Remove(worker))
            {
                return false;
            }

            Volatile.Write(ref _parked, _sleepers.Count);
            return true;
        }
    }
}
