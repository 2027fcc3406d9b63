using Runtime.Core.Concurrency;

namespace Runtime.Core.Execution;

/// <summary>Threads for code that blocks: as many as there are calls, up to a limit; an idle one ends after a while.</summary>
/// <remarks>Thread safe. Work waits only when the limit is reached. The most recently idle thread is used first, so that the others can end.</remarks>
internal sealed class BlockingPool(string namePrefix, Action<Exception> onUnhandled, Action prepareThread)
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

        foreach (var thread in idle)
        {
            thread.Parker.Unpark(); // with nothing assigned: it ends
        }

        return rest;
    }

    private void StartThread_NeedsLock(WorkItem item)
    {
        var state = new PoolThread { Assigned = item };
        var thread = new Thread(() => Main(state)) { IsBackground = true, Name = $"{namePrefix}-{_nextId}" };
        thread.UnsafeStart(); // throws when the system has no thread left: then nothing has been counted, and the caller hears of it
        _nextId++;
        _threads++;
    }

    private void Main(PoolThread self)
    {
        _isCurrentThread = true;
        prepareThread();
        while (self.Assigned is { } item)
        {
            self.Assigned = null;
            try
            {
                item.Run();
            }
            catch (Exception exception)
            {
                onUnhandled(exception);
            }

            WaitForWork(self);
        }

        lock (_lock)
        {
            _threads--;
        }

        self.Parker.Dispose();
    }

    private void WaitForWork(PoolThread self)
    {
        lock (_lock)
        {
            if (_queue.TryDequeue(out var next))
            {
                self.Assigned = next;
                return;
            }

            if (_closed)
            {
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

    private sealed class PoolThread
    {
        public Parker Parker { get; } = Parker.Create();

        // What to run next. Written under the lock by whoever takes this thread off the idle list, else by the thread itself.
        public WorkItem? Assigned { get; set; }
    }
}
