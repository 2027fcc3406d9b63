namespace Runtime.Core.Timing;

/// <summary>A timer of a <see cref="VirtualClock"/>.</summary>
/// <remarks>Thread safe. Kept alive by the clock while it is armed.</remarks>
internal sealed class VirtualTimer : ITimer
{
    private readonly VirtualClock _clock;
    private readonly TimerCallback _callback;
    private readonly object? _state;

    // Where the callback runs: the creator's context, or null when the creator suppressed its flow.
    private readonly ExecutionContext? _context;

    // Where the timer stands in the clock's heap, or -1; the clock's time of the next tick; the ticks between two, or 0. Guarded by the clock's lock.
    internal int HeapIndex = -1;
    internal long Due;
    internal long Period;

    // Keeps ticks, callbacks and Dispose apart. Closed under the clock's lock.
    internal CallbackGate Gate;

    public VirtualTimer(VirtualClock clock, long id, TimerCallback callback, object? state)
    {
        _clock = clock;
        Id = id;
        _callback = callback;
        _state = state;
        _context = ExecutionContext.Capture();
    }

    /// <summary>How many timers the clock had created before: the order of those that are due together.</summary>
    public long Id { get; }

    public bool Change(TimeSpan dueTime, TimeSpan period) =>
        _clock.Change(this, TimerArguments.Check(dueTime, nameof(dueTime)), TimerArguments.CheckPeriod(period, nameof(period)));

    public void Dispose() => _clock.Cancel(this);

    public ValueTask DisposeAsync()
    {
        _clock.Cancel(this);
        return Gate.WhenIdle();
    }

    /// <summary>Calls back, once for each tick that the gate has let through.</summary>
    public void Run()
    {
        if (!Gate.TryEnter())
        {
            return;
        }

        try
        {
            if (_context is null)
            {
                _callback(_state);
            }
            else
            {
                ExecutionContext.Run(_context, static timer => ((VirtualTimer)timer!).Invoke(), this);
            }
        }
        finally
        {
            Gate.Exit();
        }
    }

    private void Invoke() => _callback(_state);
}
