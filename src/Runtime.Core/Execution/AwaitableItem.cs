using System.Diagnostics.CodeAnalysis;
using System.Threading.Tasks.Sources;
using Runtime.Core.Concurrency;

namespace Runtime.Core.Execution;

/// <summary>What stands behind a <see cref="ValueTask"/> of the runtime's own: the operation, and the work item by which its awaiter goes on, in one object.</summary>
/// <remarks>
/// So an await allocates nothing: the awaiter leaves its continuation here, and what is queued when the operation ends is this object. It serves one call
/// after another, from an <see cref="ItemPool"/>. Whoever settles must have finished with it before: from then on it belongs to the awaiter.
/// </remarks>
internal abstract class AwaitableItem : PooledItem, IThreadPoolWorkItem
{
    private AwaitCore<AwaitContinuation> _core;

    // Whether it has an outcome and is, or may be, queued as the continuation. Written by the settler or the awaiter, before it is queued.
    private bool _goesOn;

    // Whether the awaiter has been told once that it is not complete although it is, for want of budget. Awaiter only.
    private bool _isDeferred;

    internal sealed override string? Name => _goesOn ? WorkDescription.OfState(_core.Continuation.State) : WorkName;

    /// <summary>What the user called the operation, where it is work.</summary>
    protected virtual string? WorkName => null;

    /// <summary>For <see cref="IValueTaskSource"/>. Takes a unit of the budget when there is an outcome.</summary>
    public ValueTaskSourceStatus GetStatus(short token)
    {
        var outcome = _core.Look(token);

        // Deferred once at most: code that asks in a loop instead of awaiting must get its answer.
        if (outcome != AwaitOutcome.None && !_isDeferred && !CooperativeBudget.TryTake())
        {
            _isDeferred = true;
            return ValueTaskSourceStatus.Pending;
        }

        return (ValueTaskSourceStatus)outcome;
    }

    /// <summary>For <see cref="IValueTaskSource"/>.</summary>
    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
    {
        if (_core.Register(token, AwaitContinuation.Capture(continuation, state, flags)) == RegisterResult.Settled)
        {
            GoOn(givesWay: _isDeferred);
        }
    }

    [SuppressMessage("Usage", "VSTHRD001:Avoid legacy thread switching APIs", Justification = "The awaiter asked for its context")]
    void IThreadPoolWorkItem.Execute()
    {
        switch (_core.Continuation.Place)
        {
            case SynchronizationContext context and not RuntimeSynchronizationContext:
                context.Post(static self => ((AwaitableItem)self!).Continue(), this);
                break;
            case TaskScheduler scheduler:
                _ = Task.Factory.StartNew(
                    static self => ((AwaitableItem)self!).Continue(), this, CancellationToken.None, TaskCreationOptions.DenyChildAttach, scheduler);
                break;
            default:
                Continue();
                break;
        }
    }

    /// <summary>Runs on a worker, or on the ThreadPool when there are none any more.</summary>
    internal sealed override void Run()
    {
        if (!_goesOn)
        {
            Begin();
            return;
        }

        (_core.Continuation.Place as RuntimeSynchronizationContext)?.Enter();
        Continue();
    }

    // A continuation has to run all the same.
    internal sealed override bool TryCancelUnstarted() => !_goesOn && TryCancelBegin();

    protected sealed override void Execute() => Run();

    /// <summary>Starts the operation, if it is work that is queued.</summary>
    protected virtual void Begin()
    {
    }

    /// <summary>Settles work that never started as cancelled.</summary>
    protected virtual bool TryCancelBegin() => false;

    /// <summary>Begins a use.</summary>
    /// <returns>The token of its <see cref="ValueTask"/>.</returns>
    protected short Open() => _core.Open();

    /// <summary>Ends the operation; the last touch of whoever wins, which is told.</summary>
    /// <returns>Whether the caller was the first.</returns>
    protected bool TrySettle(AwaitOutcome outcome)
    {
        switch (_core.Settle(outcome))
        {
            case SettleResult.Wake:
                GoOn(givesWay: false);
                return true;
            case SettleResult.NobodyWaits:
                return true;
            default:
                return false;
        }
    }

    /// <summary>As <see cref="TrySettle"/>, by the operation itself when it runs on a worker: an awaiter that is at home there goes on at once, without a queue in between.</summary>
    protected void SettleHere(AwaitOutcome outcome)
    {
        if (_core.Settle(outcome) != SettleResult.Wake)
        {
            return;
        }

        if (_core.Continuation.Place is RuntimeSynchronizationContext home && home.Dispatcher == WorkDispatcher.Current)
        {
            _goesOn = true;
            home.Enter();
            Continue();
        }
        else
        {
            GoOn(givesWay: false);
        }
    }

    /// <summary>Claims the outcome. The caller then reads the result, and cleans and returns the item.</summary>
    protected AwaitOutcome Take(short token) => _core.Take(token);

    /// <summary>Lets go of everything that the use before held. Awaiter only, after <see cref="Take"/>.</summary>
    protected void Clean()
    {
        _core.Continuation = default;
        _goesOn = false;
        _isDeferred = false;
        Priority = TaskPriority.Normal;
        DeadlineTicks = long.MaxValue;
        Late = false;
    }

    // Queues the continuation. Called once, by whoever came second; the item is in no queue.
    private void GoOn(bool givesWay)
    {
        _goesOn = true;
        if (_core.Continuation.Place is not RuntimeSynchronizationContext home)
        {
            // Users' contexts and schedulers are called from there, too: whoever settles may be the timer thread.
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
            return;
        }

        Priority = home.Priority;
        DeadlineTicks = home.DeadlineTicks;
        if (givesWay)
        {
            CooperativeBudget.CountForcedYield();
            home.Dispatcher.DispatchYielded(this);
        }
        else
        {
            home.Dispatcher.DispatchWoken(this);
        }
    }

    private void Continue()
    {
        var continuation = _core.Continuation;
        _core.Resume();
        if (continuation.ExecutionContext is { } executionContext)
        {
            ExecutionContext.Run(executionContext, static self => ((AwaitableItem)self!)._core.Continuation.Invoke(), this);
        }
        else
        {
            continuation.Invoke(); // takes the outcome, and then this object may serve another call already
        }
    }
}
