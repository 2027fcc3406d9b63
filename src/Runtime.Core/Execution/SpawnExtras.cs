namespace Runtime.Core.Execution;

/// <summary>What spawned work has when it was given options or a token.</summary>
internal sealed class SpawnExtras
{
    // The caller's and the runtime's tokens joined, when the caller gave one. Released by the end of the work.
    private CancellationTokenSource? _linked;

    // What the caller gave.
    private readonly CancellationToken _callers;

    public SpawnExtras(WorkDispatcher dispatcher, SpawnOptions options, CancellationToken cancellationToken)
    {
        Name = options.Name;
        Token = dispatcher.Stopping;
        _callers = cancellationToken;
        if (cancellationToken.CanBeCanceled)
        {
            _linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, dispatcher.Stopping);
            Token = _linked.Token;
        }

        if (options.Deadline is { } deadline)
        {
            DeadlineTicks = Concurrency.MonotonicClock.After(deadline);
            Context = new RuntimeSynchronizationContext(dispatcher, options.Priority, DeadlineTicks, owner: null);
        }
    }

    public string? Name { get; }

    public CancellationToken Token { get; }

    public long DeadlineTicks { get; } = long.MaxValue;

    /// <summary>Of its own when the work has a deadline, so that continuations keep it; else <see langword="null"/>.</summary>
    public RuntimeSynchronizationContext? Context { get; }

    /// <summary>The token to tell the caller of: its own, when it has cancelled the work through the joined one.</summary>
    public CancellationToken TokenToTell(CancellationToken token) => token == Token && _callers.IsCancellationRequested ? _callers : token;

    public void Release()
    {
        _linked?.Dispose();
        _linked = null;
    }
}
