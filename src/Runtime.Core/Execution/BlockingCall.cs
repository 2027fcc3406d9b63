using Runtime.Core.Scheduling;

namespace Runtime.Core.Execution;

/// <summary>A blocking function on its way to a thread of the <see cref="BlockingPool"/>.</summary>
internal sealed class BlockingCall<TResult>(ExecutionContext? executionContext, Func<TResult> function, WorkLedger ledger, CancellationToken cancellationToken) : WorkItem
{
    private readonly TaskCompletionSource<TResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<TResult> Task => _completion.Task;

    internal override void Run()
    {
        if (cancellationToken.IsCancellationRequested || ledger.IsCutOff)
        {
            TryCancelUnstarted();
        }
        else if (executionContext is null)
        {
            Call();
        }
        else
        {
            ExecutionContext.Run(executionContext, static self => ((BlockingCall<TResult>)self!).Call(), this);
        }
    }

    internal override bool TryCancelUnstarted()
    {
        ledger.Finish(WorkOutcome.Cancelled, Late);
        _completion.TrySetCanceled(cancellationToken);
        return true;
    }

    protected override void Execute() => Run();

    private void Call()
    {
        try
        {
            var result = function();
            ledger.Finish(WorkOutcome.Succeeded, Late);
            _completion.TrySetResult(result);
        }
        catch (OperationCanceledException exception)
        {
            ledger.Finish(WorkOutcome.Cancelled, Late);
            _completion.TrySetCanceled(exception.CancellationToken);
        }
        catch (Exception exception)
        {
            ledger.Finish(WorkOutcome.Failed, Late);
            _completion.TrySetException(exception);
        }
    }
}
