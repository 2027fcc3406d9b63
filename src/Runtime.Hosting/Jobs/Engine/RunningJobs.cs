using System.Collections.Concurrent;

namespace Runtime.Hosting.Jobs;

/// <summary>The runs of this process.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class RunningJobs
{
    // By the run itself: two cells may give the same lease number.
    private readonly ConcurrentDictionary<RunningJob, bool> _runs = new();
    private readonly Lock _lock = new();
    private TaskCompletionSource? _idle;
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public IEnumerable<RunningJob> All => _runs.Select(static pair => pair.Key);

    public void Add(RunningJob run)
    {
        Interlocked.Increment(ref _count);
        _runs[run] = true;
    }

    public void Remove(RunningJob run)
    {
        if (_runs.TryRemove(run, out _) && Interlocked.Decrement(ref _count) == 0)
        {
            Volatile.Read(ref _idle)?.TrySetResult();
        }
    }

    /// <summary>Waits until nothing runs, at most for a time.</summary>
    public async Task WaitForIdleAsync(TimeSpan atMost, CancellationToken hurry = default)
    {
        TaskCompletionSource idle;
        lock (_lock)
        {
            idle = _idle is { Task.IsCompleted: false } waited ? waited : new(TaskCreationOptions.RunContinuationsAsynchronously);
            Volatile.Write(ref _idle, idle);
        }

        Interlocked.MemoryBarrier(); // the last run either finds it, or is found to be gone
        if (Count > 0)
        {
            await idle.Task.WaitAsync(atMost, TimeProvider.System, hurry).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }
    }
}
