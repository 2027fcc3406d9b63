namespace Runtime.Core.Timing;

/// <summary>A timer that <see cref="RuntimeTimeProvider"/> gave to a user.</summary>
/// <remarks>
/// Thread safe. An armed one is kept alive by the wheel, or by the system timer that it was moved to when the service
/// stopped; a user need not hold it.
/// </remarks>
internal sealed class RuntimeTimer : TimerEntry, ITimer
{
    private readonly TimerService _service;
    private readonly TimerCallback _callback;
    private readonly object? _state;

    // Where the callback runs: the creator's context, or null when the creator suppressed its flow.
    private readonly ExecutionContext? _context;

    // Keeps ticks, callbacks and Dispose apart. Closed under the service's lock.
    internal CallbackGate Gate;

    public RuntimeTimer(TimerService service, TimerCallback callback, object? state)
    {
        _service = service;
        _callback = callback;
        _state = state;
        _context = ExecutionContext.Capture();
    }

    public bool Change(TimeSpan dueTime, TimeSpan period) =>
        _service.Change(this, TimerArguments.Check(dueTime, nameof(dueTime)), TimerArguments.CheckPeriod(period, nameof(period)));

    public void Dispose() => _service.Cancel(this);

    public ValueTask DisposeAsync()
    {
        _service.Cancel(this);
        return Gate.WhenIdle();
    }

    // On whatever thread the sink's executor has. An exception of the callback is that executor's.
    internal override void Run()
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
                ExecutionContext.Run(_context, static timer => ((RuntimeTimer)timer!).Invoke(), this);
            }
        }
        finally
        {
            Gate.Exit();
        }
    }

    protected override void Execute() => Run();

    private void Invoke() => _callback(_state);
}
