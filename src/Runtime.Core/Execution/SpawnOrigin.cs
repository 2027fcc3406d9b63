using Runtime.Core.Scheduling;

namespace Runtime.Core.Execution;

/// <summary>Where spawned work comes from: whose token it gets, and where its end is counted.</summary>
/// <remarks>One of a runtime serves all plain spawns, so that such work is a task and its source and nothing else. The others have a <see cref="SpawnEnvelope"/>.</remarks>
internal class SpawnOrigin(WorkDispatcher dispatcher) : WorkItem
{
    /// <summary>The token of the work.</summary>
    public virtual CancellationToken Token => dispatcher.Stopping;

    /// <summary>The token to tell of when the work ends by this one.</summary>
    public virtual CancellationToken TokenToTell(CancellationToken token) => token;

    /// <summary>Counts the end of the work. Called once for each work, before its task is settled: whoever awaits the task finds it counted.</summary>
    public virtual void Finish(WorkOutcome outcome) => dispatcher.Ledger.Finish(outcome, late: false);

    protected override void Execute() => throw new InvalidOperationException($"{nameof(SpawnOrigin)} is never queued.");
}

/// <summary>Spawned work that has more than its delegate: options, a token, an <see cref="ExecutionContext"/>, or a runtime that was stopping already.</summary>
internal sealed class SpawnEnvelope : SpawnOrigin
{
    private readonly WorkDispatcher _dispatcher;
    private readonly SpawnExtras _extras;

    // Where the work was spawned; its AsyncLocals and its Activity flow into the work. Null when there are none.
    private readonly ExecutionContext? _executionContext;

    // Set once, before it is queued.
    private ISpawned _work = null!;

    public SpawnEnvelope(WorkDispatcher dispatcher, ExecutionContext? executionContext, SpawnOptions options, bool late, CancellationToken cancellationToken)
        : base(dispatcher)
    {
        _dispatcher = dispatcher;
        _executionContext = executionContext;
        _extras = new SpawnExtras(dispatcher, options, cancellationToken);
        Priority = options.Priority;
        DeadlineTicks = _extras.DeadlineTicks;
        Late = late;
    }

    public override CancellationToken Token => _extras.Token;

    public override CancellationToken TokenToTell(CancellationToken token) => _extras.TokenToTell(token);

    internal override string? Name => _extras.Name;

    internal override Delegate? Body => _work.Body;

    /// <summary>Puts the work in.</summary>
    public void Enclose(ISpawned work) => _work = work;

    public override void Finish(WorkOutcome outcome)
    {
        _extras.Release();
        _dispatcher.Ledger.Finish(outcome, Late);
    }

    internal override void Run()
    {
        _extras.Context?.Enter();
        if (_executionContext is null)
        {
            _work.Start();
        }
        else
        {
            ExecutionContext.Run(_executionContext, static work => ((ISpawned)work!).Start(), _work);
        }
    }

    internal override bool TryCancelUnstarted() => _work.TryCancelUnstarted();
}
