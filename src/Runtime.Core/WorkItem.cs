using Runtime.Core.Scheduling;

namespace Runtime.Core;

/// <summary>A unit of work that the runtime can queue without allocating. Derive from it to post your own objects.</summary>
/// <remarks>
/// One instance may be in one queue at a time; it may be posted again from within <see cref="Execute"/> or after it.
/// The object is the queue node itself: posting allocates nothing.
/// </remarks>
public abstract class WorkItem
{
    // The next item of the intrusive list this item is in. Owned by whoever owns that list.
    internal WorkItem? Next;

    // The previous item of a lane's arrival list, and the item's place in that lane's heap (-1: not in one). Under the lane lock.
    internal WorkItem? Previous;
    internal int HeapIndex = -1;

    // Order within a lane among equals. Written under the lane lock when the item enters it.
    internal long Sequence;

    // Absolute deadline in timestamp ticks of the scheduler's clock, or long.MaxValue. Written before the item is queued.
    internal long DeadlineTicks = long.MaxValue;

    // When the item became ready, in milliseconds of the scheduler's coarse clock. Written by the submitter before the item is published.
    internal long ReadyAt;

    // The priority. Written before the item is queued.
    internal TaskPriority Priority = TaskPriority.Normal;

    // The high-resolution time at which it became ready, when this item is one of the sampled; otherwise 0. Written as ReadyAt is.
    internal long SampledAt;

    // The ledger that counts it while a public Post has it queued; set by a compare-exchange in Post, cleared by Run.
    internal WorkLedger? Ledger;

    // Whether it was accepted after the stop had begun. Written before the item is queued.
    internal bool Late;

    // Settles work that never started as cancelled, when the stop gives up on it. False for what has to run all the same: continuations.
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
