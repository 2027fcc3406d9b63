using Runtime.Core.Scheduling;

namespace Runtime.Core.Execution;

/// <summary>Asynchronous work on its way to a worker, and then until its end: calls the delegate, waits for what it returns, settles the task.</summary>
/// <remarks>The delegate is called on the worker, so work that never suspends allocates no state machine. It ends exactly once.</remarks>
internal abstract class SpawnedTask : WorkItem
{
    private readonly WorkLedger _ledger;

    // Where the work was spawned; its AsyncLocals and its Activity flow into the work. Null when there are none.
    private readonly ExecutionContext? _executionContext;

    // Of its own when the work has a deadline, so that continuations keep it; else null.
    private readonly RuntimeSynchronizationContext? _context;

    // The caller's and the runtime's tokens joined, when the caller gave one.
    private CancellationTokenSource? _linked;

    private Action? _onCompleted;

    protected SpawnedTask(WorkDispatcher dispatcher, SpawnOptions options, CancellationToken cancellationToken)
    {
        _ledger = dispatcher.Ledger;
        _executionContext = dispatcher.CaptureExecutionContext();
        Priority = options.Priority;
        Token = dispatcher.Stopping;
        if (cancellationToken.CanBeCanceled)
        {
            _linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, dispatcher.Stopping);
            Token = _linked.Token;
        }

        if (options.Deadline is { } deadline)
        {
            DeadlineTicks = Concurrency.MonotonicClock.After(deadline);
            _context = new RuntimeSynchronizationContext(dispatcher, Priority, DeadlineTicks, owner: null);
        }
    }

    protected CancellationToken Token { get; }

    /// <summary>Runs the first leg, on a worker.</summary>
    internal sealed override void Run()
    {
        _context?.Enter();
        if (Token.IsCancellationRequested)
        {
            End(new OperationCanceledException(Token)); // cancelled before it started: the delegate is never called
        }
        else if (_executionContext is null)
        {
            Start();
        }
        else
        {
            ExecutionContext.Run(_executionContext, static self => ((SpawnedTask)self!).Start(), this);
        }
    }

    internal sealed override bool TryCancelUnstarted()
    {
        End(new OperationCanceledException(Token));
        return true;
    }

    protected sealed override void Execute() => Run();

    /// <summary>Calls the delegate and either settles at once or asks for <see cref="OnCompleted"/>.</summary>
    protected abstract void Start();

    /// <summary>Takes the result of what the delegate returned. May throw what the work threw.</summary>
    protected abstract void TakeResult();

    protected abstract void SetResult();

    protected abstract void SetCanceled(CancellationToken token);

    protected abstract void SetException(Exception exception);

    protected Action OnCompleted => _onCompleted ??= Complete;

    /// <summary>Settles from what the delegate returned, which has completed.</summary>
    protected void Complete()
    {
        try
        {
            TakeResult();
        }
        catch (Exception exception)
        {
            End(exception);
            return;
        }

        End(exception: null);
    }

    /// <summary>Settles the task and counts the end. Called once.</summary>
    protected void End(Exception? exception)
    {
        _linked?.Dispose();
        _linked = null;

        // The ledger first: whoever awaits the task finds it counted.
        switch (exception)
        {
            case null:
                _ledger.Finish(WorkOutcome.Succeeded, Late);
                SetResult();
                break;
            case OperationCanceledException canceled:
                _ledger.Finish(WorkOutcome.Cancelled, Late);
                SetCanceled(canceled.CancellationToken);
                break;
            default:
                _ledger.Finish(WorkOutcome.Failed, Late);
                SetException(exception);
                break;
        }
    }
}
