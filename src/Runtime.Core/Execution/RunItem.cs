using System.Runtime.ExceptionServices;
using Runtime.Core.Concurrency;
using Runtime.Core.Scheduling;

namespace Runtime.Core.Execution;

/// <summary>Asynchronous work that its caller awaits: first the work item that calls the delegate, then the source of the outcome, then the continuation.</summary>
/// <remarks>The same rules as spawned work (<see cref="SpawnOrigin"/>); only the task is not there. It ends exactly once.</remarks>
internal abstract class RunItem : AwaitableItem
{
    private WorkDispatcher? _dispatcher;

    // Where the work was started; its AsyncLocals and its Activity flow into the work. Null when there are none.
    private ExecutionContext? _executionContext;

    // What only some work has: a token of the caller's, a deadline. Null for plain work.
    private SpawnExtras? _extras;
    private string? _name;

    // Why it did not succeed. Written before the settle, read after the take.
    private ExceptionDispatchInfo? _failure;

    // Ends work that has suspended. Made once for all calls that this object serves.
    private Action? _complete;

    protected sealed override string? WorkName => _name;

    protected CancellationToken Token => _extras?.Token ?? _dispatcher!.Stopping;

    protected ItemPool Pool => _dispatcher!.Pool;

    protected Action CompleteAction => _complete ??= Complete;

    protected sealed override void Begin()
    {
        _extras?.Context?.Enter();
        if (Token.IsCancellationRequested)
        {
            End(new OperationCanceledException(_extras?.TokenToTell(Token) ?? Token)); // cancelled before it started: the delegate is never called
        }
        else if (_executionContext is null)
        {
            Start();
        }
        else
        {
            ExecutionContext.Run(_executionContext, static self => ((RunItem)self!).Start(), this);
        }
    }

    protected sealed override bool TryCancelBegin()
    {
        End(new OperationCanceledException(Token));
        return true;
    }

    /// <summary>Notes how the work is to run.</summary>
    protected void Prepare(WorkDispatcher dispatcher, bool late, SpawnOptions options, CancellationToken cancellationToken)
    {
        _dispatcher = dispatcher;
        _executionContext = dispatcher.CaptureExecutionContext();
        Late = late;
        Priority = options.Priority;
        _name = options.Name;
        if (options.Deadline is not null || (cancellationToken.CanBeCanceled && cancellationToken != dispatcher.Stopping))
        {
            _extras = new SpawnExtras(dispatcher, options, cancellationToken);
            DeadlineTicks = _extras.DeadlineTicks;
        }
    }

    /// <summary>Calls the delegate and either ends at once or sees to it that the work ends later.</summary>
    protected abstract void Start();

    /// <summary>Reads the outcome of what the delegate returned, and ends.</summary>
    protected abstract void Complete();

    /// <summary>Lets go of the delegate and what it was given.</summary>
    protected abstract void ForgetWork();

    /// <summary>Counts the end and settles. Called once; the last touch.</summary>
    protected void End(Exception? exception)
    {
        _extras?.Release();
        ForgetWork();

        // The ledger first: whoever awaits the work finds it counted.
        var ledger = _dispatcher!.Ledger;
        switch (exception)
        {
            case null:
                ledger.Finish(WorkOutcome.Succeeded, Late);
                TrySettle(AwaitOutcome.Succeeded);
                break;
            case OperationCanceledException:
                _failure = ExceptionDispatchInfo.Capture(exception);
                ledger.Finish(WorkOutcome.Cancelled, Late);
                TrySettle(AwaitOutcome.Cancelled);
                break;
            default:
                _failure = ExceptionDispatchInfo.Capture(exception);
                ledger.Finish(WorkOutcome.Failed, Late);
                TrySettle(AwaitOutcome.Failed);
                break;
        }
    }

    /// <summary>Cleans the object, whose outcome has been taken.</summary>
    /// <returns>Why the work did not succeed.</returns>
    protected ExceptionDispatchInfo? CleanRun()
    {
        var failure = _failure;
        Clean();
        _dispatcher = null;
        _executionContext = null;
        _extras = null;
        _name = null;
        _failure = null;
        return failure;
    }
}
