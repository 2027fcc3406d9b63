namespace Runtime.Core.Cleanup;

// The end, and what can be seen from outside.
public sealed partial class CleanupQueue
{
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // From then on there is no threshold: what is retired is released at once, and asynchronous disposals follow one another.
    private volatile bool _isClosed;

    /// <summary>Releases everything that waits, in order, and from then on whatever comes.</summary>
    /// <param name="patience">How long to wait for it. What is not done by then goes on by itself.</param>
    /// <returns>How many things are left.</returns>
    internal async Task<long> CloseAsync(TimeSpan patience)
    {
        _isClosed = true;
        Interlocked.MemoryBarrier(); // pairs with the increment in Add: either it sees that we are closed, or we see what it has added
        Collect();
        SignalIfDrained();
        try
        {
            await _drained.Task.WaitAsync(patience, TimeProvider.System).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The caller hears how many are left.
        }

        return Snapshot().Backlog;
    }

    internal CleanupSnapshot Snapshot()
    {
        var released = Interlocked.Read(ref _released.Value); // before what was retired: what has been released was
        return _slices.Fill(new CleanupSnapshot
        {
            Retired = Interlocked.Read(ref _retired.Value),
            Released = released,
            Failed = Interlocked.Read(ref _failed),
            Helped = Interlocked.Read(ref _helped),
            Capacity = _options.Capacity,
            Slices = new DurationHistogram([], TimeSpan.Zero),
            LongestSlice = TimeSpan.Zero,
            LongestRelease = TimeSpan.Zero,
            Overruns = 0,
        });
    }

    private void SignalIfDrained()
    {
        if (_isClosed && Interlocked.Read(ref _released.Value) >= Interlocked.Read(ref _retired.Value))
        {
            _drained.TrySetResult();
        }
    }
}
