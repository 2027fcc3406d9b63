using Runtime.Core.Scheduling;

namespace Runtime.Core.Execution;

/// <summary>Asynchronous work on its way to a worker, and then until its end: calls the delegate, waits for what it returns, settles the task.</summary>
/// <remarks>The delegate is called on the worker, so work that never suspends allocates no state machine. It ends exactly once.</remarks>
internal abstract class SpawnedTask : WorkItem
{
    private readonly WorkDispatcher _dispatcher;

    // Where the work was spawned; its AsyncLocals and its Activity flow into the work. Null when there are none.
    private readonly ExecutionContext? _executionContext;

    // What only some work has; null for plain work.
    private readonly SpawnExtras? _extras;

    protected SpawnedTask(WorkDispatcher dispatcher, SpawnOptions options, CancellationToken cancellationToken)
    {
        _dispatcher = dispatcher;
        _executionContext = dispatcher.CaptureExecutionContext();
        if (!ReferenceEquals(options, SpawnOptions.Default) || cancellationToken.CanBeCanceled)
        {
            Priority = options.Priority;
            _extras = new SpawnExtras(dispatcher, options, cancellationToken);
            DeadlineTicks = _extras.DeadlineTicks;
        }
    }

    internal sealed override string? Name => _extras?.Name;

    protected CancellationToken Token => _extras?.Token ?? _dispatcher.Stopping;

    /// <summary>Runs the first leg, on a worker.</summary>
    internal sealed override void Run()
    {
        _extras?.Context?.Enter();
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

    /// <summary>Calls the delegate and either settles at once or sees to it that it is settled later.</summary>
    protected abstract void Start();

    protected abstract void SetResult();

    protected abstract void SetCanceled(CancellationToken token);

    protected abstract void SetException(Exception exception);

    /// <summary>Settles the task and counts the end. Called once.</summary>
    protected void End(Exception? exception)
    {
        _extras?.Release();

        // The ledger first: whoever awaits the task finds it counted.
        switch (exception)
        {
            case null:
                _dispatcher.Ledger.Finish(WorkOutcome.Succeeded, Late);
                SetResult();
                break;
            case OperationCanceledException canceled:
                _dispatcher.Ledger.Finish(WorkOutcome.Cancelled, Late);
                SetCanceled(canceled.CancellationToken);
                break;
            default:
                _dispatcher.Ledger.Finish(WorkOutcome.Failed, Late);
                SetException(exception);
                break;
        }
    }
}
