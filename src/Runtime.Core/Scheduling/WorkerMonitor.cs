using Runtime.Core.Concurrency;

namespace Runtime.Core.Scheduling;

/// <summary>Watches the workers from a thread of its own, so that one that is stuck in user code strands nothing.</summary>
/// <remarks>
/// While there is work it looks every millisecond at first, then ever less often, up to every ten, as long as all is well; when all workers have
/// been parked for a while it sleeps too, until one wakes. What it does about a worker that is in the same item as at the last look:
/// takes the item out of its slot; sees to it that somebody is awake to steal from its ring; and, if the thread waits instead of computing, moves
/// everything that it has queued to where any worker takes it first (it may be waiting for just that), and has a reserve worker take its place.
/// Others who have to keep an eye on workers look along (<see cref="Add"/>): one thread wakes up for all of them.
/// Sources: Go's sysmon (pace, hand-off of a blocked processor); Seastar's stall reports (rate limit); .NET's ThreadPool (local work of a blocked
/// thread goes ahead).
/// </remarks>
internal sealed class WorkerMonitor(Scheduler scheduler, string threadNamePrefix)
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(10);

    // The longest pause while somebody who looks along asks for attention.
    private static readonly TimeSpan LongestWatched = TimeSpan.FromMilliseconds(5);

    // So many looks in a row without anything to see make the pause twice as long; so many without anybody awake end it.
    private const int LooksPerPace = 32;
    private const int LooksBeforeSleep = 64;

    // A worker that is in the same item at so many looks after the first is not coming back soon: another may be awake in its place, if there is one.
    private const int LooksUntilHeldUp = 3;

    // See Tick.
    private const int LooksUntilTick = 2;

    // An item that blocks its worker for so long is reported.
    private static readonly TimeSpan WorthReporting = TimeSpan.FromMilliseconds(100);

    // A reserve worker stays so long after it was last needed: threads are dear.
    private static readonly TimeSpan KeepReserve = TimeSpan.FromSeconds(2);

    private readonly Parker _parker = Parker.Create();

    private readonly PreemptionTicker _ticker = new($"{threadNamePrefix}-tick", scheduler.Host.OnIsolationRefused);

    // Whether the thread sleeps until it is told. Written by it; read by workers that wake up.
    private AtomicInt32 _asleep;

    private volatile bool _ended;

    // Those who look along; replaced whole, by compare-exchange.
    private Func<bool>[] _lookouts = [];

    // The monitor's thread only.
    private TimeSpan _pause = Shortest;
    private int _quietLooks;
    private int _idleLooks;
    private long _reserveNeededAt;
    private int _busyLooks;

    public void Start() => new Thread(Main) { IsBackground = true, Name = $"{threadNamePrefix}-monitor" }.UnsafeStart();

    /// <summary>Has a function called at every look, which is at most ten milliseconds after the one before while any worker is awake.</summary>
    /// <param name="lookout">On the monitor's thread; it is quick and does not throw. Returns whether the next look is to come within five milliseconds.</param>
    public void Add(Func<bool> lookout)
    {
        var seen = Volatile.Read(ref _lookouts);
        while (Interlocked.CompareExchange(ref _lookouts, [.. seen, lookout], seen) is var now && now != seen)
        {
            seen = now;
        }
    }

    /// <summary>Ends the thread.</summary>
    public void Stop()
    {
        _ended = true;
        Wake();
    }

    /// <summary>Has it look at once, and start the threads that wait for it.</summary>
    public void Wake() => _parker.Unpark();

    /// <summary>A worker has woken up. One load while the monitor is awake.</summary>
    public void OnActivity()
    {
        if (_asleep.Value != 0 && _asleep.Exchange(0) != 0)
        {
            _parker.Unpark();
        }
    }

    private void Main()
    {
        while (!_ended)
        {
            Look();
            if (_idleLooks >= LooksBeforeSleep)
            {
                Sleep();
            }
            else
            {
                _parker.Park(_pause);
            }

            scheduler.Threads.StartWaiting();
        }

        scheduler.Threads.End();
        scheduler.TellTime(0);
        _ticker.Stop();
    }

    private void Sleep()
    {
        _busyLooks = 0;
        _ticker.Set(wanted: false);
        scheduler.TellTime(0);
        _asleep.Exchange(1); // a fence; pairs with the waker's removal of a worker from the idle set, after which that worker reads _asleep
        if (scheduler.IsIdle && !_ended)
        {
            _parker.Park();
        }

        _asleep.Value = 0;
        _idleLooks = 0;
        _quietLooks = 0;
        _pause = Shortest;
    }

    private void Look()
    {
        scheduler.TellTime(MonotonicClock.Milliseconds);
        var now = MonotonicClock.Timestamp;
        var stuck = 0;
        var blocked = 0;
        var heldUp = 0;
        foreach (var worker in scheduler.Workers)
        {
            var watch = worker.Watch;
            var before = watch.IsBlocked;
            if (!watch.Look(worker, now))
            {
                continue;
            }

            stuck++;
            heldUp += watch.IsBlocked || watch.Looks >= LooksUntilHeldUp ? 1 : 0;
            if (watch.IsBlocked)
            {
                blocked++;
                OnBlocked(worker, isNew: !before, now);
            }
            else if (scheduler.Workers.Length > 1)
            {
                // With one worker nobody could take it, and it would lose its place in the order.
                scheduler.FreeSlot(worker);
                scheduler.FreeUnreachable(worker);
            }
        }

        Compensate(blocked, now);
        scheduler.SetHeldUp(heldUp);
        if (stuck > 0)
        {
            scheduler.WakeIfWorkWaits();
        }

        scheduler.LookAfterPoller();
        Tick();

        var watched = false;
        foreach (var lookout in Volatile.Read(ref _lookouts))
        {
            watched |= lookout();
        }

        Pace(stuck, watched);
    }

    private void OnBlocked(Worker worker, bool isNew, long now)
    {
        scheduler.FreeQueues(worker);
        if (isNew)
        {
            scheduler.CountBlocked();
        }

        var watch = worker.Watch;
        if (!watch.IsReported && MonotonicClock.ToDuration(now - watch.Since) >= WorthReporting && worker.CurrentItem is { } item)
        {
            watch.IsReported = true;
            scheduler.Host.OnWorkerBlocked(worker, item, MonotonicClock.ToDuration(now - watch.Since));
        }
    }

    private void Compensate(int blocked, long now)
    {
        if (blocked >= scheduler.Reserve)
        {
            _reserveNeededAt = now;
        }

        if (blocked > scheduler.Reserve || (blocked < scheduler.Reserve && MonotonicClock.ToDuration(now - _reserveNeededAt) > KeepReserve))
        {
            try
            {
                scheduler.SetReserve(blocked);
            }
            catch (Exception exception)
            {
                scheduler.OnUnhandled(exception); // the system has no thread left
            }
        }
    }

    // From the second look in a row that finds somebody at work until the second that finds nobody: a look may fall between two items, and work that is done at once is not worth it.
    private void Tick()
    {
        _busyLooks = Math.Clamp(_busyLooks + (scheduler.IsComputingAtIdlePriority ? 1 : -1), 0, LooksUntilTick);
        if (_busyLooks is 0 or LooksUntilTick)
        {
            _ticker.Set(_busyLooks != 0);
        }
    }

    private void Pace(int stuck, bool watched)
    {
        _idleLooks = scheduler.IsIdle && scheduler.Reserve == 0 ? _idleLooks + 1 : 0;
        if (stuck > 0)
        {
            _quietLooks = 0;
            _pause = Shortest;
        }
        else if (++_quietLooks % LooksPerPace == 0 && _pause < Longest)
        {
            _pause = _pause * 2 < Longest ? _pause * 2 : Longest;
        }

        if (watched && _pause > LongestWatched)
        {
            _pause = LongestWatched;
        }
    }
}
