using Runtime.Core.Cleanup;
using Runtime.Core.Lifecycle;
using Runtime.Core.Memory;
using Runtime.Core.Topology;

namespace Runtime.Core.Tests.Diagnostics;

/// <summary>Snapshots of no runtime in particular.</summary>
internal static class Snapshots
{
    public static DurationHistogram NoDurations { get; } = new(new long[DurationHistogram.BucketCount], TimeSpan.Zero);

    public static RuntimeSnapshot Empty { get; } = new()
    {
        State = RuntimeState.Uninitialized,
        Workers = [],
        QueueDepth = new long[5],
        InjectorDepth = 0,
        LongestWait = TimeSpan.Zero,
        Accepted = 0,
        Finished = 0,
        Cancelled = 0,
        Failed = 0,
        Executed = 0,
        ForcedYields = 0,
        ThrottledTime = TimeSpan.Zero,
        UnhandledExceptions = 0,
        StarvationBoosts = 0,
        ReserveWorkers = 0,
        BlockedItems = 0,
        WaitTime = NoDurations,
        RunTime = NoDurations,
        Timers = new TimerSnapshot { Active = 0, Fired = 0, Cancelled = 0, Overdue = TimeSpan.Zero, Lateness = NoDurations },
        IO = new IoSnapshot { Poller = "none", Registrations = 0, Events = 0, StaleEvents = 0, Polls = 0, Waits = 0, WakeUps = 0, Unattended = TimeSpan.Zero },
        Memory = new BufferPoolSnapshot { AllocatedBytes = 0, PeakBytes = 0, RentedBytes = 0, MaxBytes = 0, TrimmedBytes = 0, Fallbacks = 0, Waiting = 0, DoubleReturns = 0, Tiers = [] },
        Cleanup = new CleanupSnapshot { Retired = 0, Released = 0, Failed = 0, Helped = 0, Capacity = 1, Slices = NoDurations, LongestSlice = TimeSpan.Zero, LongestRelease = TimeSpan.Zero, Overruns = 0 },
        Topology = new TopologySnapshot
        {
            Sockets = 1,
            Nodes = 1,
            Cores = 1,
            AllowedProcessors = 1,
            CpuQuota = null,
            Placement = "",
            PlacedWorkers = 0,
            Problem = null,
        },
        BlockingThreads = 0,
        BlockingQueueDepth = 0,
    };

    public static WorkerSnapshot Worker(int id) => new()
    {
        Id = id,
        Name = $"worker-{id}",
        Utilization = 0,
        Busy = TimeSpan.Zero,
        Executed = 0,
        LocalRuns = 0,
        SlotRuns = 0,
        StealAttempts = 0,
        Steals = 0,
        ItemsStolen = 0,
        Parks = 0,
        Overflows = 0,
        QueueDepth = 0,
        IsRunning = false,
        IsBlocked = false,
    };
}
