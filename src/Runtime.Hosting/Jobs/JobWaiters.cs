namespace Runtime.Hosting.Jobs;

/// <summary>Those who wait for the end of a job.</summary>
/// <remarks>Thread safe. A waiter registers before it reads the job for the first time, so an end in between is seen by one or the other.</remarks>
internal sealed class JobWaiters
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, Waiter> _waiters = [];

    // Under the lock. Nobody signals any more: who waits now, or begins to, is told so.
    private bool _isClosed;

    /// <summary>Gets how many jobs are waited for.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _waiters.Count;
            }
        }
    }

    /// <summary>Gets the jobs that are waited for.</summary>
    public IReadOnlyCollection<Guid> Ids
    {
        get
        {
            lock (_lock)
            {
                return [.. _waiters.Keys];
            }
        }
    }

    /// <summary>Takes part in waiting for a job; to be given back by <see cref="Leave"/>.</summary>
    public void Enter(Guid id)
    {
        lock (_lock)
        {
            if (!_waiters.TryGetValue(id, out var waiter))
            {
                _waiters.Add(id, waiter = new());
                if (_isClosed)
                {
                    End(waiter);
                }
            }

            waiter.Callers++;
        }
    }

    /// <summary>Gets a task that ends with the next signal for a job that <see cref="Enter"/> was called for.</summary>
    public Task NextSignal(Guid id)
    {
        lock (_lock)
        {
            return _waiters[id].Signal.Task;
        }
    }

    public void Leave(Guid id)
    {
        lock (_lock)
        {
            if (_waiters.TryGetValue(id, out var waiter) && --waiter.Callers == 0)
            {
                _waiters.Remove(id);
            }
        }
    }

    /// <summary>Wakes those who wait for a job.</summary>
    public void Signal(Guid id)
    {
        TaskCompletionSource? signal = null;
        lock (_lock)
        {
            if (_waiters.TryGetValue(id, out var waiter) && !_isClosed)
            {
                signal = waiter.Signal;
                waiter.Signal = new(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }

        signal?.TrySetResult();
    }

    /// <summary>Ends all waiting: the process stops, and the ends of jobs are written by others or later.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _isClosed = true;
            foreach (var waiter in _waiters.Values)
            {
                End(waiter);
            }
        }
    }

    // Continuations run elsewhere, so this may be done under the lock.
    private static void End(Waiter waiter) =>
        waiter.Signal.TrySetException(new JobStoreException("The process is stopping, and the job is not over: it goes on when its store is opened again.", isTransient: false));

    private sealed class Waiter
    {
        public int Callers { get; set; }

        public TaskCompletionSource Signal { get; set; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
