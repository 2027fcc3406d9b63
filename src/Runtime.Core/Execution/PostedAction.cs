using Runtime.Core.Scheduling;

namespace Runtime.Core.Execution;

/// <summary>A posted delegate on its way to a worker. Taken from a <see cref="ItemPool"/> and given back when the delegate has returned.</summary>
internal sealed class PostedAction<TState> : PooledItem
{
    private ExecutionContext? _executionContext;
    private Action<TState>? _action;
    private TState? _state;
    private WorkDispatcher? _dispatcher;

    internal override Delegate? Body => _action;

    public void Prepare(WorkDispatcher dispatcher, ExecutionContext? executionContext, Action<TState> action, TState state, bool late)
    {
        _dispatcher = dispatcher;
        _executionContext = executionContext;
        _action = action;
        _state = state;
        Late = late;
    }

    internal override void Run()
    {
        var ledger = _dispatcher!.Ledger;
        if (ledger.IsCutOff)
        {
            TryCancelUnstarted();
            return;
        }

        var late = Late;
        var succeeded = false;
        try
        {
            if (_executionContext is null)
            {
                _action!(_state!);
            }
            else
            {
                ExecutionContext.Run(_executionContext, static self => ((PostedAction<TState>)self!).Invoke(), this);
            }

            succeeded = true;
        }
        finally
        {
            Release();
            ledger.Finish(succeeded ? WorkOutcome.Succeeded : WorkOutcome.Failed, late);
        }
    }

    internal override bool TryCancelUnstarted()
    {
        var ledger = _dispatcher!.Ledger;
        var late = Late;
        Release();
        ledger.Finish(WorkOutcome.Cancelled, late);
        return true;
    }

    protected override void Execute() => Run();

    private void Invoke() => _action!(_state!);

    // The last touch: from here on it may be another post's.
    private void Release()
    {
        var pool = _dispatcher!.Pool;
        _dispatcher = null;
        _executionContext = null;
        _action = null;
        _state = default;
        pool.Return(this);
    }
}
