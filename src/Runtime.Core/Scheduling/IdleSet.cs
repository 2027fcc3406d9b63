// IdleSet: who is parked, who searches, and how many may be awake.
//
// Shared words   written by                               read by
//   _searching   workers and wakers, by Interlocked       every push
//   _parked      under _lock, release store               every push
//   _sleepers    under _lock
//   _limit       the monitor and Resize                   wakers, under _lock
//
// Protocol:   push    publish the item; full fence; if nobody searches and somebody is parked, wake one.
//             wake    under the lock, and only if still nobody searches and the limit allows: take the last parked worker, count it as
//                     searching; unpark it.
//             search  a worker without work counts as searching while it looks, at most half of the workers at once.
//             found   the last searcher that finds work stops searching and, if more is left, wakes the next: the ramp-up is a chain.
//             park    under the lock: enter _sleepers, stop searching; full fence; look everywhere once more; only then sleep.
// No lost wake-up: the fences of push and park are ordered one way or the other. If the push's comes first, the last look finds the item.
//             If park's comes first, the push sees the worker parked and not searching: it wakes one, unless another worker is
//             searching, and that one does its own last look later still.
// Own pushes: a worker that pushes on its own ring does not fence. It comes back to that ring after the item it is running, its next pop is
//             a fence, and it asks again then. While it does not come back, the monitor sees the ring and asks for it.
// The limit:  more awake workers than processors only pass the processors to and fro. A wake that the limit forbids is not lost: as many workers
//             as there are processors are awake, each looks everywhere before it parks, and the monitor raises the limit for each that does not come
//             back to look, because it is blocked or computes for long. Workers that are to end are not among those counted.
// Sources:    Go's proc.go ("work; StoreLoad; check"), Tokio's idle.rs, rayon's sleep README.
// Tests:      AsyncRuntimeWorkerTests, the model suites, the Promela model.
using Runtime.Core.Concurrency;

namespace Runtime.Core.Scheduling;

/// <summary>The parked and the searching workers of one scheduler. Thread safe.</summary>
internal sealed class IdleSet
{
    private readonly Lock _lock = new();

    // The parked workers, most recently parked last; it is woken first because its cache is warmest. Under the lock.
    private readonly List<Sleeper> _sleepers = [];

    // How many workers look for work, woken ones that have not looked yet included.
    private AtomicInt32 _searching;

    // Length of _sleepers.
    private AtomicInt32 _parked;

    // How many workers there are, and how many of them may be awake for work.
    private AtomicInt32 _workers;
    private AtomicInt32 _limit;

    public int Parked => _parked.Value;

    /// <summary>Whether nobody is awake to come for what has been queued.</summary>
    public bool AreAllParked => _parked.Value >= _workers.Value;

    public int Searching => _searching.Value;

    /// <summary>Whether a push would have to wake a worker. The caller has published its item and then fenced, or will come back.</summary>
    public bool NeedsWake => _searching.Value == 0 && _parked.Value != 0;

    /// <summary>Sets how many workers there are and how many of them may be awake.</summary>
    public void SetWorkers(int workers, int limit)
    {
        _workers.Value = workers;
        _limit.Value = limit;
    }

    /// <summary>Wakes one worker, unless one is searching already, none is parked, or enough are awake.</summary>
    /// <returns>Whether one was woken.</returns>
    public bool WakeOne()
    {
        Sleeper sleeper;
        using (_lock.EnterScope())
        {
            if (_searching.Value != 0 || _sleepers.Count == 0 || _workers.Value - _sleepers.Count >= _limit.Value)
            {
                return false;
            }

            sleeper = _sleepers[^1];
            _sleepers.RemoveAt(_sleepers.Count - 1);
            _parked.Value = _sleepers.Count;
            _searching.Add(1);
            sleeper.IsSearching = true; // published by the unpark
        }

        sleeper.Unpark();
        return true;
    }

    /// <summary>Wakes a certain worker if it is parked, e.g. because it is to retire.</summary>
    public void Wake(Sleeper sleeper)
    {
        if (Remove(sleeper))
        {
            sleeper.Unpark();
        }
    }

    /// <summary>Counts the caller as searching, unless half of the workers already are.</summary>
    public bool TryStartSearching()
    {
        if (2 * _searching.Value >= _workers.Value)
        {
            return false;
        }

        _searching.Add(1);
        return true;
    }

    /// <summary>Stops counting the caller as searching.</summary>
    /// <returns>Whether it was the last one.</returns>
    public bool StopSearching() => _searching.Add(-1) == 0;

    /// <summary>Enters a worker among the parked; it stops searching. The caller then looks everywhere once more before it sleeps.</summary>
    public void Enter(Sleeper sleeper)
    {
        using (_lock.EnterScope())
        {
            _sleepers.Add(sleeper);
            _parked.Value = _sleepers.Count;
            if (sleeper.IsSearching)
            {
                sleeper.IsSearching = false;
                _searching.Add(-1);
            }
        }

        Fence.Full(); // pairs with the fence after a push, before NeedsWake is read
    }

    /// <summary>Takes a worker out of the parked ones.</summary>
    /// <returns><see langword="false"/> when a waker was first: its unpark is on the way and must be consumed.</returns>
    public bool Remove(Sleeper sleeper)
    {
        using (_lock.EnterScope())
        {
            if (!_sleepers.Remove(sleeper))
            {
                return false;
            }

            _parked.Value = _sleepers.Count;
            return true;
        }
    }
}
