using Runtime.Core.Scheduling;

namespace Runtime.Core;

/// <summary>A unit of work that the runtime can queue without allocating. Derive from it to post your own objects.</summary>
/// <remarks>
/// One instance may be in one queue at a time; it may be posted again from within <see cref="Execute"/> or after it.
/// The queues hold the object itself: posting allocates nothing.
/// </remarks>
public abstract class WorkItem : IRunnable
{
    // Absolute deadline in timestamp ticks of the scheduler's clock, or long.MaxValue. Written before the item is queued.
    internal long DeadlineTicks = long.MaxValue;

    // The ledger that counts it while a public Post has it queued; set by a compare-exchange in Post, cleared by Run.
    internal WorkLedger? Ledger;

    // The priority. Written before the item is queued.
    internal TaskPriority Priority = TaskPriority.Normal;

    // Whether it was accepted after the stop had begun. Written before the item is queued.
    internal bool Late;

    // What the user called the work, for messages; and the delegate it runs, for those who gave it no name.
    internal virtual string? Name => null;

    internal virtual Delegate? Body => null;

    string? IRunnable.Name => Name;

    Delegate? IRunnable.Body => Body;

    void IRunnable.RunOn(Worker worker)
    {
        if (Priority != TaskPriority.Normal)
        {
            worker.EnterPriority(Priority);
        }

        Run();
    }

    void IRunnable.RunElsewhere() => Run();

    bool IRunnable.TryCancelUnstarted() => TryCancelUnstarted();

    // See IRunnable.
    internal virtual bool TryCancelUnstarted()
    {
        var ledger = Ledger;
        if (ledger is null)
        {
            return false;
        }

        var late = Late;
        Volatile.Write(ref Ledger, null);
        ledger.Finish(WorkOutcome.Cancelled, late);
        return true;
    }

    // Runs the item on a worker. Items of the runtime itself override it and do their own accounting.
    internal virtual void Run()
    {
        var ledger = Ledger;
        if (ledger is { IsCutOff: true })
        {
            TryCancelUnstarted();
            return;
        }

        var late = Late;
        Volatile.Write(ref Ledger, null); // from here on the item may be posted again, by Execute itself too
        try
        {
            Execute();
        }
        catch
        {
            ledger?.Finish(WorkOutcome.Failed, late);
            throw;
        }

        ledger?.Finish(WorkOutcome.Succeeded, late);
    }

    /// <summary>Does the work, on a worker thread of the runtime it was posted to.</summary>
    /// <remarks>An exception that leaves it is reported through <see cref="AsyncRuntime.UnhandledException"/> and counted; the worker goes on.</remarks>
    protected abstract void Execute();
}
