namespace Runtime.Core.Timing;

/// <summary>A timer that <see cref="RuntimeTimeProvider"/> gave to a user.</summary>
/// <remarks>
/// Thread safe. An armed one is kept alive by the wheel, or by the system timer that it was moved to when the service
/// stopped; a user need not hold it.
/// </remarks>
internal sealed class RuntimeTimer : TimerEntry, ITimer
{
    private readonly TimerCallback _callback;
    private readonly object? _state;

    // Where the callback runs: the creator's context, or null when there is nothing in it or its flow was suppressed.
    private readonly ExecutionContext? _context;

    // Keeps ticks, callbacks and Dispose apart. Closed under the shard's lock.
    internal CallbackGate Gate;

    public RuntimeTimer(TimerShard shard, int slack, TimerCallback callback, object? state)
    {
        Shard = shard;
        Slack = slack;
        _callback = callback;
        _state = state;
        _context = shard.Service.CaptureExecutionContext();
    }

    internal override Delegate Body => _callback;

    public bool Change(TimeSpan dueTime, TimeSpan period) =>
        Shard!.Change(this, TimerArguments.Check(dueTime, nameof(dueTime)), TimerArguments.CheckPeriod(period, nameof(period)));

    public void Dispose() => Shard!.Cancel(this);

    public ValueTask DisposeAsync()
    {
        Shard!.Cancel(this);
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
