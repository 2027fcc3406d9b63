using Runtime.Core.Scheduling;

namespace Runtime.Core.Execution;

/// <summary>A posted delegate on its way to a worker.</summary>
internal sealed class PostedAction<TState>(ExecutionContext? executionContext, Action<TState> action, TState state, WorkLedger ledger) : WorkItem
{
    internal override void Run()
    {
        if (ledger.IsCutOff)
        {
            TryCancelUnstarted();
            return;
        }

        var succeeded = false;
        try
        {
            if (executionContext is null)
            {
                action(state);
            }
            else
            {
                ExecutionContext.Run(executionContext, static self => ((PostedAction<TState>)self!).Execute(), this);
            }

            succeeded = true;
        }
        finally
        {
            ledger.Finish(succeeded ? WorkOutcome.Succeeded : WorkOutcome.Failed, Late);
        }
    }

    internal override bool TryCancelUnstarted()
    {
        ledger.Finish(WorkOutcome.Cancelled, Late);
        return true;
    }

    protected override void Execute() => action(state);
}
