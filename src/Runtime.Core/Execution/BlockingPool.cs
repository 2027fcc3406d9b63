using Runtime.Core.Concurrency;

namespace Runtime.Core.Execution;

/// <summary>Threads for code that blocks: as many as there are calls, up to a limit; an idle one ends after a while.</summary>
/// <remarks>
/// Thread safe. Work waits only when the limit is reached. The most recently idle thread is used first, so that the others can end. Threads stand back like workers; one that has another level
/// than the present one ends instead of being idle.
/// </remarks>
internal sealed class BlockingPool(string namePrefix, WorkDispatcher dispatcher, WorkerIsolation isolation)
{
    // Tokio's limit and keep-alive.
    internal const int MaxThreads = 512;
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(10);

    [ThreadStatic]
    private static bool _isCurrentThread;

    private readonly Lock _lock = new();

    // Work that found neither an idle thread nor room for a new one. Under the lock.
    private readonly Queue<WorkItem> _queue = [];

    // Idle threads, most recent last. Under the lock.
    private readonly List<PoolThread> _idle = [];

    // Threads alive, idle ones included; and the number of the next one. Under the lock.
    private int _threads;
    private int _nextId;

    // What threads begin with. Under the lock.
    private WorkerIsolation _isolation = isolation;

    // Under the lock.
    private bool _closed;

    /// <summary>Gets whether the caller is a thread of such a pool.</summary>
    public static bool IsCurrentThread => _isCurrentThread;

    public (int Threads, int Queued) Load
    {
        get
        {
            lock (_lock)
            {
                return (_threads, _queue.Count);
            }
        }
    }

    /// <summary>Runs an item on a thread of the pool.</summary>
    /// <returns><see langword="false"/> when the pool is closed.</returns>
    public bool TrySubmit(WorkItem item)
    {
        PoolThread thread;
        lock (_lock)
        {
            if (_closed)
            {
                return false;
            }

            if (_idle.Count > 0)
            {
                thread = _idle[^1];
                _idle.RemoveAt(_idle.Count - 1);
                thread.Assigned = item; // published by the unpark below
            }
            else if (_threads < MaxThreads)
            {
                StartThread_NeedsLock(item);
                return true;
            }
            else
            {
                _queue.Enqueue(item);
                return true;
            }
        }

        thread.Parker.Unpark();
        return true;
    }

    /// <summary>Changes how far threads stand back: idle ones end, and those that run something end after it.</summary>
    public void UseIsolation(WorkerIsolation isolation)
    {
        List<PoolThread> idle = [];
        lock (_lock)
        {
            if (_isolation != isolation)
            {
                _isolation = isolation;
                idle = [.. _idle];
                _idle.Clear();
            }
        }

        EndIdle(idle);
    }

    /// <summary>Refuses further work and lets idle threads end. Work that waits is returned; threads inside user code end by themselves.</summary>
    public IReadOnlyList<WorkItem> Close()
    {
        List<PoolThread> idle;
        List<WorkItem> rest;
        lock (_lock)
        {
            _closed = true;
            rest = [.. _queue];
            _queue.Clear();
            idle = [.. _idle];
            _idle.Clear();
        }

        EndIdle(idle);
        return rest;
    }

    // Those that have been taken off the list.
    private static void EndIdle(List<PoolThread> threads) => threads.ForEach(static thread => thread.Parker.Unpark()); // with nothing assigned: it ends

    private void StartThread_NeedsLock(WorkItem item)
    {
        var state = new PoolThread(_isolation) { Assigned = item };
        var thread = new Thread(() => Main(state)) { IsBackground = true, Name = $"{namePrefix}-{_nextId}" };
        dispatcher.StartThread(thread.UnsafeStart, exception => OnRefused(item, exception)); // throws when the system has no thread left: then nothing has been counted, and the caller hears of it
        _nextId++;
        _threads++;
    }

    // The caller has been told that the item is accepted: it runs on the ThreadPool.
    private void OnRefused(WorkItem item, Exception exception)
    {
        lock (_lock)
        {
            _threads--;
        }

        TellRefused(item, exception);
    }

    private void TellRefused(WorkItem item, Exception exception)
    {
        dispatcher.OnUnhandled(exception);
        dispatcher.RunElsewhere(item);
    }

    private void Main(PoolThread self)
    {
        _isCurrentThread = true;
        dispatcher.PrepareThread(self.Isolation);
        while (self.Assigned is { } item)
        {
            self.Assigned = null;
            try
            {
                item.Run();
            }
            catch (Exception exception)
            {
                dispatcher.OnUnhandled(exception);
            }

            WaitForWork(self);
        }

        End(self);
        self.Parker.Dispose();
    }

    private void WaitForWork(PoolThread self)
    {
        lock (_lock)
        {
            if (_closed || self.Isolation != _isolation)
            {
                return;
            }

            if (_queue.TryDequeue(out var next))
            {
                self.Assigned = next;
                return;
            }

            _idle.Add(self);
        }

        if (self.Parker.Park(KeepAlive))
        {
            return;
        }

        bool assigned;
        lock (_lock)
        {
            assigned = !_idle.Remove(self);
        }

        if (assigned)
        {
            self.Parker.Park(); // somebody took this thread off the list just now: the token is on its way
        }
    }

    private void End(PoolThread self)
    {
        WorkItem? next = null;
        try
        {
            lock (_lock)
            {
                _threads--;
                if (self.Isolation != _isolation && _queue.TryDequeue(out next))
                {
                    StartThread_NeedsLock(next); // in the place of this one
                }
            }
        }
        catch (Exception exception)
        {
            TellRefused(next!, exception);
        }
    }

    private sealed class PoolThread(WorkerIsolation isolation)
    {
        public WorkerIsolation Isolation => isolation;

        public Parker Parker { get; } = Parker.Create();

        // What to run next. Written under the lock by whoever takes this thread off the idle list, else by the thread itself.
        public WorkItem? Assigned { get; set; }
    }
}
