using Runtime.Core.Concurrency;

namespace Runtime.Core.Scheduling;

// The set of workers: start, growing and shrinking while loaded, replacement, end.
internal sealed partial class Scheduler
{
    private readonly Lock _workersLock = new();

    private readonly WorkerMonitor _monitor;
    private ThreadStarter? _threads;

    // Completed when the last worker has ended after the close.
    private readonly TaskCompletionSource _allEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // How threads are made; under _workersLock.
    private ThreadShape _shape;

    // Every worker that has a thread, retiring ones included: their queues can still be stolen from. Replaced under _workersLock.
    private volatile Worker[] _workers = [];

    // How many of them are not retiring; under _workersLock.
    private int _staying;

    // How many are asked for: those configured, and those in place of blocked ones; under _workersLock.
    private int _configured;
    private volatile int _reserve;

    // How many do not come back to look for work: they are blocked, or compute for long while something waits; under _workersLock.
    private int _heldUp;

    // Items that were found to block; by Interlocked.
    private long _blockedItems;

    // The id of the next worker; under _workersLock.
    private int _nextId;

    // What workers that have ended had counted; under _workersLock.
    private readonly RetiredCounters _retired = new();

    /// <summary>Starts the threads of the runtime, after <see cref="Start"/>.</summary>
    public ThreadStarter Threads => Volatile.Read(ref _threads) ?? MakeThreads();

    public Worker[] Workers => _workers;

    /// <summary>How many workers there are by configuration; at least 1.</summary>
    public int WorkerCount => Math.Max(1, Volatile.Read(ref _configured));

    /// <summary>How many there are beyond those, in place of blocked ones.</summary>
    public int Reserve => _reserve;

    public long BlockedItems => Interlocked.Read(ref _blockedItems);

    /// <summary>Whether every worker is parked.</summary>
    public bool IsIdle => Idle.Parked >= _workers.Length;

    /// <summary>How many of them may be awake; at least 1, so that shares can be computed.</summary>
    public int ActiveWorkers => Math.Max(1, _activeLimit);

    // See ActiveWorkers. Written under _workersLock.
    private volatile int _activeLimit = 1;

    /// <summary>Starts the workers.</summary>
    public void Start(int workers)
    {
        Threads.Begin();
        Resize(workers);
        _monitor.Start();
    }

    /// <summary>Changes settings and workers while running. Threads of another shape replace the present ones.</summary>
    public void Reconfigure(AsyncRuntimeOptions options, int workers)
    {
        _settings = SchedulerSettings.From(options);
        var shape = ThreadShape.From(options);
        lock (_workersLock)
        {
            if (IsClosed)
            {
                return;
            }

            if (shape != _shape)
            {
                _shape = shape;
                Shrink_NeedsLock(0); // an unprivileged thread can lower its own priority but not raise it again: new threads it is
            }
        }

        Resize(workers);
        foreach (var worker in _workers)
        {
            Idle.Wake(worker); // a parked worker has to look at what the new settings put into its reach
        }
    }

    /// <summary>Brings the number of workers that are not retiring to <paramref name="target"/>, and the reserve.</summary>
    public void Resize(int target)
    {
        lock (_workersLock)
        {
            Volatile.Write(ref _configured, target);
            Adjust_NeedsLock();
        }
    }

    /// <summary>Has so many workers more than configured, up to the limit.</summary>
    public void SetReserve(int reserve)
    {
        lock (_workersLock)
        {
            _reserve = Math.Min(reserve, _settings.MaxReserveThreads);
            Adjust_NeedsLock();
        }
    }

    private void Adjust_NeedsLock()
    {
        if (IsClosed)
        {
            return;
        }

        var target = _configured == 0 ? 0 : _configured + _reserve;
        Shrink_NeedsLock(target);
        while (_staying < target)
        {
            // Under the lock for the numbering only; the thread takes the lock at its end at the earliest.
            var worker = new Worker(this, _nextId, _shape);
            _nextId++;
            Settle_NeedsLock(worker);
            _workers = [.. _workers, worker];
            _staying++;
            SetLimit_NeedsLock();
            try
            {
                Threads.Start(worker.Start, exception => OnRefused(worker, exception));
            }
            catch
            {
                Discard_NeedsLock(worker); // the system has no thread left; the caller hears of it
                throw;
            }
        }
    }

    // Asked for at each round of the monitor: a delegate for each would be garbage in an idle process.
    private ThreadStarter MakeThreads()
    {
        var made = new ThreadStarter(_monitor.Wake);
        return Interlocked.CompareExchange(ref _threads, made, null) ?? made;
    }

    private void OnRefused(Worker worker, Exception exception)
    {
        lock (_workersLock)
        {
            Discard_NeedsLock(worker);
        }

        _host.OnUnhandled(exception);
    }

    // Of a worker without a thread. It has nothing queued: nobody but a worker itself puts anything there.
    private void Discard_NeedsLock(Worker worker)
    {
        if (!worker.IsRetiring)
        {
            _staying--;
            Unsettle_NeedsLock(worker);
        }

        OnWorkerEnded(worker);
    }

    // As many awake as there are processors, and one more for each that is held up. Those that are to end count no more: they will not look for work.
    private void SetLimit_NeedsLock()
    {
        _activeLimit = Math.Min(_staying, _processors + _heldUp);
        Idle.SetWorkers(_staying, _activeLimit);
    }

    /// <summary>Ends the workers. Work that is left, and work that is submitted from now on, runs elsewhere.</summary>
    /// <param name="patience">How long to wait for workers that are inside user code; after that their threads are left to end by themselves.</param>
    public async Task CloseAsync(TimeSpan patience)
    {
        Worker[] workers;
        lock (_workersLock)
        {
            _closed.Value = 1;
            workers = _workers;
            if (workers.Length == 0)
            {
                _allEnded.TrySetResult();
            }
        }

        Fence.Full(); // pairs with the fence in IdleSet.Enter, and in DebtorSet.Enter
        foreach (var worker in workers)
        {
            Idle.Wake(worker);
            Debtors.Wake(worker);
        }

        _monitor.Stop();
        await Task.WhenAny(_allEnded.Task, Task.Delay(patience, TimeProvider.System)).ConfigureAwait(false);
        Injector.Close();
        Lanes.Close();
        foreach (var worker in _workers)
        {
            Empty(worker);
        }
    }

    public void PrepareThread(Worker worker)
    {
        _cleanContext = worker.CleanContext;
        if (ThreadPriorities.Apply(worker.Isolation) is { } problem)
        {
            _host.OnIsolationRefused(problem);
        }

        PlaceThread(worker);
    }

    public void OnWorkerEnded(Worker worker)
    {
        lock (_workersLock)
        {
            _workers = Array.FindAll(_workers, other => other != worker);
            SetLimit_NeedsLock();
            _retired.Add(worker.Counters);
            Ledger.ReturnStripe(worker.Stripe);
            if (IsClosed && _workers.Length == 0)
            {
                _allEnded.TrySetResult();
            }
        }
    }

    // Those without a place first: they are the ones who stand in.
    private void Shrink_NeedsLock(int target)
    {
        Shrink_NeedsLock(target, placed: false);
        Shrink_NeedsLock(target, placed: true);
    }

    private void Shrink_NeedsLock(int target, bool placed)
    {
        for (var i = _workers.Length - 1; i >= 0 && _staying > target; i--)
        {
            var worker = _workers[i];
            if (!worker.IsRetiring && worker.Place is not null == placed)
            {
                _staying--;
                Unsettle_NeedsLock(worker);
                SetLimit_NeedsLock(); // before it can know: its hand-over wakes whoever a push that still counted it has not
                worker.Retire();
                Fence.Full(); // pairs with the fence in IdleSet.Enter: it sees the flag, or we see it parked
                Idle.Wake(worker);
                Debtors.Wake(worker);
            }
        }
    }

    // Takes what a worker that did not end in time still has in its queues.
    private void Empty(Worker worker)
    {
        if (worker.Slot.TryTake(out var entry))
        {
            _host.RunElsewhere(entry);
        }

        Rob(worker, new LocalQueue(), _host.RunElsewhere);
    }

    // Takes all that is in the ring of another worker, by way of a queue of the caller's own.
    private static void Rob(Worker worker, LocalQueue loot, Action<QueueEntry> sink)
    {
        while (worker.Queue.Visitor.StealInto(loot, out var entry, out _) != StealResult.Empty)
        {
            if (entry.Item is null)
            {
                continue; // a lost race
            }

            do
            {
                sink(entry);
            }
            while (loot.TryPop(out entry));
        }
    }

    /// <summary>What a thread is made like; when it changes, threads are replaced.</summary>
    internal sealed record ThreadShape(string NamePrefix, int StackSize, WorkerIsolation Isolation)
    {
        public static ThreadShape From(AsyncRuntimeOptions options) => new(options.ThreadNamePrefix, options.ThreadStackSize, options.Isolation);
    }
}
