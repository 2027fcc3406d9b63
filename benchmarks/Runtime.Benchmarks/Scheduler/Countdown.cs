namespace Runtime.Benchmarks.Scheduler;

/// <summary>Counts the operations of a round and wakes the driver after the last: Tokio's benches do the same with an atomic and a channel.</summary>
internal sealed class Countdown : IDisposable
{
    /// <summary>How long anything may take before the program gives up.</summary>
    public static readonly TimeSpan HangGuard = TimeSpan.FromSeconds(60);

    // No spinning: a driver that spins takes a processor from the workers.
    private readonly ManualResetEventSlim _done = new(initialState: false, spinCount: 0);

    // Operations that have not ended; interlocked by every one of them.
    private int _left;

    /// <summary>Begins a round. Nothing of the round before may be left.</summary>
    public void Reset(int operations)
    {
        _done.Reset();
        Volatile.Write(ref _left, operations);
    }

    public void Hit()
    {
        if (Interlocked.Decrement(ref _left) == 0)
        {
            _done.Set();
        }
    }

    /// <summary>Blocks the calling thread until the last operation has ended.</summary>
    public void Wait()
    {
        if (!_done.Wait(HangGuard))
        {
            throw new TimeoutException($"{Volatile.Read(ref _left):N0} operations had not ended after {HangGuard.TotalSeconds:N0} s.");
        }
    }

    public void Dispose() => _done.Dispose();
}
