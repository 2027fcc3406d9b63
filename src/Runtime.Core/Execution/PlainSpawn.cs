using System.Diagnostics.CodeAnalysis;
using Runtime.Core.Scheduling;

namespace Runtime.Core.Execution;

/// <summary>Spawned work without options and without a token of its own: one object is its task, its state and what the queues hold.</summary>
/// <remarks>
/// Awaits by other work of the same runtime go on in line when the task ends on a worker; those of anybody else never run on a worker, because a thread that
/// has a context of its own is no place for them.
/// </remarks>
[SuppressMessage("Reliability", "CA2007:Consider calling ConfigureAwait on the awaited task", Justification = "The work goes on where it began: on the runtime")]
internal static class PlainSpawn
{
    public static async Task RunAsync(WorkDispatcher dispatcher, Func<CancellationToken, ValueTask> work, bool late)
    {
        await dispatcher.Hop.Await();
        var outcome = WorkOutcome.Failed;
        try
        {
            ThrowIfCutOff(dispatcher);
            await work(dispatcher.Stopping);
            outcome = WorkOutcome.Succeeded;
        }
        catch (OperationCanceledException)
        {
            outcome = WorkOutcome.Cancelled;
            throw;
        }
        finally
        {
            dispatcher.Ledger.Finish(outcome, late); // before the task ends: whoever awaits it finds it counted
        }
    }

    public static async Task<TResult> RunAsync<TResult>(WorkDispatcher dispatcher, Func<CancellationToken, ValueTask<TResult>> work, bool late)
    {
        await dispatcher.Hop.Await();
        var outcome = WorkOutcome.Failed;
        try
        {
            ThrowIfCutOff(dispatcher);
            var result = await work(dispatcher.Stopping);
            outcome = WorkOutcome.Succeeded;
            return result;
        }
        catch (OperationCanceledException)
        {
            outcome = WorkOutcome.Cancelled;
            throw;
        }
        finally
        {
            dispatcher.Ledger.Finish(outcome, late);
        }
    }

    // Work that has not started when the drain is over never does.
    private static void ThrowIfCutOff(WorkDispatcher dispatcher)
    {
        if (dispatcher.Ledger.IsCutOff || dispatcher.Stopping.IsCancellationRequested)
        {
            throw new OperationCanceledException(dispatcher.Stopping);
        }
    }
}
