namespace Runtime.Core;

// What the runtime shows of itself.
public sealed partial class AsyncRuntime
{
    /// <summary>Reads all counters and depths.</summary>
    /// <returns>A snapshot; its parts are read one after another while work goes on.</returns>
    public RuntimeSnapshot Snapshot()
    {
        var ledger = _dispatcher.Ledger;
        var scheduler = _dispatcher.Scheduler.Snapshot();
        var (blockingThreads, blockingQueued) = _dispatcher.Blocking.Load;
        var cancelled = ledger.Cancelled;
        var failed = ledger.Failed;
        var finished = ledger.Succeeded + failed + cancelled; // before Accepted: what has finished was accepted
        return new RuntimeSnapshot
        {
            State = State,
            Workers = scheduler.Workers,
            QueueDepth = scheduler.QueueDepth,
            InjectorDepth = scheduler.InjectorDepth,
            LongestWait = scheduler.LongestWait,
            Accepted = ledger.Accepted,
            Finished = finished,
            Cancelled = cancelled,
            Failed = failed,
            Executed = scheduler.Executed,
            ForcedYields = scheduler.ForcedYields,
            UnhandledExceptions = _dispatcher.Unhandled,
            StarvationBoosts = scheduler.StarvationBoosts,
            ReserveWorkers = _dispatcher.Scheduler.Reserve,
            ThrottledTime = _dispatcher.Scheduler.ThrottledTime,
            BlockedItems = _dispatcher.Scheduler.BlockedItems,
            WaitTime = scheduler.WaitTime,
            RunTime = scheduler.RunTime,
            Timers = _timers.Snapshot(),
            IO = _eventLoop.Snapshot(),
            Memory = MemoryPool.Snapshot(),
            Cleanup = Cleanup.Snapshot(),
            Topology = TopologySnapshot(),
            BlockingThreads = blockingThreads,
            BlockingQueueDepth = blockingQueued,
        };
    }
}
