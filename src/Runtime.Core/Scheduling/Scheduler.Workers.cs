namespace Runtime.Core.Scheduling;

// The set of workers: start, growing and shrinking while loaded, replacement, end.
internal sealed partial class Scheduler
{
    private readonly Lock _workersLock = new();

    // Completed when the last worker has ended after the close.
    private readonly TaskCompletionSource _allEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // How threads are made; under _workersLock.
    private ThreadShape _shape;

    // Every worker that has a thread, retiring ones included: their queues can still be stolen from. Replaced under _workersLock.
    private volatile Worker[] _workers = [];

    // How many of them are not retiring; under _workersLock.
    private int _wanted;

    // The id of the next worker; under _workersLock.
    private int _nextId;

    // What workers that have ended had counted; under _workersLock.
    private readonly RetiredCounters _retired = new();

    public Worker[] Workers => _workers;

    /// <summary>How many workers there are; at least 1, so that shares can be computed.</summary>
    public int WorkerCount => Math.Max(1, _workers.Length);

    /// <summary>Starts the workers.</summary>
    public void Start(int workers) => Resize(workers);

    /// <summary>Changes settings and workers while running. Threads of another shape replace the present ones.</summary>
    public void Reconfigure(AsyncRuntimeOptions options, int workers)
    {
        _settings = SchedulerSettings.From(options);
        var shape = ThreadShape.From(options);
        lock (_workersLock)
        {
            if (_closed)
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

    /// <summary>Brings the number of workers that are not retiring to <paramref name="target"/>.</summary>
    public void Resize(int target)
    {
        lock (_workersLock)
        {
            if (_closed)
            {
                return;
            }

            Shrink_NeedsLock(target);
            while (_wanted < target)
            {
                // Under the lock for the numbering only; the thread takes the lock at its end at the earliest.
                var worker = new Worker(this, _nextId, _shape);
                _nextId++;
                _workers = [.. _workers, worker];
                _wanted++;
                worker.Start();
            }
        }
    }

    /// <summary>Ends the workers. Work that is left, and work that is submitted from now on, runs elsewhere.</summary>
    /// <param name="patience">How long to wait for workers that are inside user code; after that their threads are left to end by themselves.</param>
    public async Task CloseAsync(TimeSpan patience)
    {
        Worker[] workers;
        lock (_workersLock)
        {
            _closed = true;
            workers = _workers;
            if (workers.Length == 0)
            {
                _allEnded.TrySetResult();
            }
        }

        Interlocked.MemoryBarrier(); // pairs with the fence in IdleSet.Enter
        foreach (var worker in workers)
        {
            Idle.Wake(worker);
        }

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
    }

    public void OnWorkerEnded(Worker worker)
    {
        lock (_workersLock)
        {
            _workers = Array.FindAll(_workers, other => other != worker);
            _retired.Add(worker.Counters);
            if (_closed && _workers.Length == 0)
            {
                _allEnded.TrySetResult();
            }
        }
    }

    private void Shrink_NeedsLock(int target)
    {
        for (var i = _workers.Length - 1; i >= 0 && _wanted > target; i--)
        {
            var worker = _workers[i];
            if (!worker.IsRetiring)
            {
                worker.Retire();
                _wanted--;
                Interlocked.MemoryBarrier(); // pairs with the fence in IdleSet.Enter: it sees the flag, or we see it parked
                Idle.Wake(worker);
            }
        }
    }

    // Takes what a worker that did not end in time still has in its queue.
    private void Empty(Worker worker)
    {
        var loot = new LocalQueue();
        while (worker.Queue.Visitor.StealInto(loot, out var item, out _) != StealResult.Empty)
        {
            for (; item is not null; item = loot.Pop())
            {
                _host.RunElsewhere(item);
            }
        }
    }

    /// <summary>What a thread is made like; when it changes, threads are replaced.</summary>
    internal sealed record ThreadShape(string NamePrefix, int StackSize, WorkerIsolation Isolation)
    {
        public static ThreadShape From(AsyncRuntimeOptions options) => new(options.ThreadNamePrefix, options.ThreadStackSize, options.Isolation);
    }
}
