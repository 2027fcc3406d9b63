using Runtime.Core.Cleanup;
using Runtime.Core.Lifecycle;
using Runtime.Core.Memory;
using Runtime.Core.Topology;

namespace Runtime.Core;

/// <summary>What a runtime was doing at one moment. Counters only ever grow.</summary>
/// <remarks>Taking one costs a few microseconds and no lock that work waits for.</remarks>
public sealed record RuntimeSnapshot
{
    /// <summary>Gets the lifecycle state.</summary>
    public required RuntimeState State { get; init; }

    /// <summary>Gets the workers that have a thread now.</summary>
    public required IReadOnlyList<WorkerSnapshot> Workers { get; init; }

    /// <summary>Gets how many items wait for a worker, by priority; the index is the value of <see cref="TaskPriority"/>.</summary>
    public required IReadOnlyList<long> QueueDepth { get; init; }

    /// <summary>Gets how many items wait in the global injection queue; they are part of <see cref="QueueDepth"/>.</summary>
    public required long InjectorDepth { get; init; }

    /// <summary>Gets how long the item that has waited longest has waited; zero when none waits.</summary>
    public required TimeSpan LongestWait { get; init; }

    /// <summary>Gets how many spawns, posts and blocking calls were accepted.</summary>
    public required long Accepted { get; init; }

    /// <summary>Gets how many of them have ended.</summary>
    public required long Finished { get; init; }

    /// <summary>Gets how many of the ended ones were cancelled.</summary>
    public required long Cancelled { get; init; }

    /// <summary>Gets how many of the ended ones failed.</summary>
    public required long Failed { get; init; }

    /// <summary>Gets how many items the workers have run, continuations included.</summary>
    public required long Executed { get; init; }

    /// <summary>Gets how often code on a worker had to give way because it had awaited complete things too often in a row.</summary>
    public required long ForcedYields { get; init; }

    /// <summary>Gets how long workers have waited because of <see cref="AsyncRuntimeOptions.MaxCpuShare"/>, all of them together.</summary>
    public required TimeSpan ThrottledTime { get; init; }

    /// <summary>Gets how many exceptions left posted work or callbacks.</summary>
    public required long UnhandledExceptions { get; init; }

    /// <summary>Gets how many workers there are beyond those configured, in place of blocked ones.</summary>
    public required int ReserveWorkers { get; init; }

    /// <summary>Gets how many times an item was found to block its worker.</summary>
    public required long BlockedItems { get; init; }

    /// <summary>Gets how often an item was run ahead of its own priority because it had waited longer than the starvation threshold.</summary>
    public required long StarvationBoosts { get; init; }

    /// <summary>Gets the sampled times that items waited for a worker.</summary>
    public required DurationHistogram WaitTime { get; init; }

    /// <summary>Gets the sampled times that items ran until they ended or awaited.</summary>
    public required DurationHistogram RunTime { get; init; }

    /// <summary>Gets how the timers stand.</summary>
    public required TimerSnapshot Timers { get; init; }

    /// <summary>Gets how the event loop stands.</summary>
    public required IoSnapshot IO { get; init; }

    /// <summary>Gets how the buffer pool stands.</summary>
    public required BufferPoolSnapshot Memory { get; init; }

    /// <summary>Gets how the cleanup stands.</summary>
    public required CleanupSnapshot Cleanup { get; init; }

    /// <summary>Gets the machine as the runtime sees it, and where its workers run.</summary>
    public required TopologySnapshot Topology { get; init; }

    /// <summary>Gets how many threads run <see cref="AsyncRuntime.SpawnBlocking(Action, CancellationToken)"/> calls, idle ones included.</summary>
    public required int BlockingThreads { get; init; }

    /// <summary>Gets how many blocking calls wait for a thread.</summary>
    public required int BlockingQueueDepth { get; init; }
}

/// <summary>What one worker has done.</summary>
public sealed record WorkerSnapshot
{
    /// <summary>Gets the number of the worker; not used again while the runtime lives.</summary>
    public required int Id { get; init; }

    /// <summary>Gets the name of its thread.</summary>
    public required string Name { get; init; }

    /// <summary>Gets the share of time it was not parked, from 0 to 1, since the snapshot before.</summary>
    public required double Utilization { get; init; }

    /// <summary>Gets how long it has not been parked, in all.</summary>
    public required TimeSpan Busy { get; init; }

    /// <summary>Gets how many items it has run.</summary>
    public required long Executed { get; init; }

    /// <summary>Gets how many of them came from its own queue.</summary>
    public required long LocalRuns { get; init; }

    /// <summary>Gets how many of them came from its slot for the item that runs next.</summary>
    public required long SlotRuns { get; init; }

    /// <summary>Gets how often it tried to take work from another worker.</summary>
    public required long StealAttempts { get; init; }

    /// <summary>Gets how often it succeeded.</summary>
    public required long Steals { get; init; }

    /// <summary>Gets how many items it took.</summary>
    public required long ItemsStolen { get; init; }

    /// <summary>Gets how often it parked.</summary>
    public required long Parks { get; init; }

    /// <summary>Gets how many times its local queue was full and half of it went to the injector.</summary>
    public required long Overflows { get; init; }

    /// <summary>Gets how many items its own queue holds.</summary>
    public required int QueueDepth { get; init; }

    /// <summary>Gets whether it is running an item now.</summary>
    public required bool IsRunning { get; init; }

    /// <summary>Gets whether that item blocks the thread: it sleeps, or waits for a lock, a task or the system.</summary>
    public required bool IsBlocked { get; init; }
}

/// <summary>How the timers stand.</summary>
public sealed record TimerSnapshot
{
    /// <summary>Gets how many timers are armed.</summary>
    public required long Active { get; init; }

    /// <summary>Gets how many have fired.</summary>
    public required long Fired { get; init; }

    /// <summary>Gets how many were cancelled or re-armed before they fired.</summary>
    public required long Cancelled { get; init; }

    /// <summary>Gets how long the earliest armed timer is overdue; zero when none is. More than a moment means that timers have stopped ticking.</summary>
    public required TimeSpan Overdue { get; init; }

    /// <summary>Gets how late timers fired.</summary>
    public required DurationHistogram Lateness { get; init; }
}

/// <summary>How the event loop stands.</summary>
public sealed record IoSnapshot
{
    /// <summary>Gets what it waits with: <c>epoll</c> or <c>poll</c>; <c>none</c> before the first registration.</summary>
    public required string Poller { get; init; }

    /// <summary>Gets how many handles are registered.</summary>
    public required int Registrations { get; init; }

    /// <summary>Gets how many events the system has told.</summary>
    public required long Events { get; init; }

    /// <summary>Gets how many of them were of registrations that were gone, and dropped.</summary>
    public required long StaleEvents { get; init; }

    /// <summary>Gets how often somebody asked the system for events.</summary>
    public required long Polls { get; init; }

    /// <summary>Gets how many of these were waits of a worker that had nothing else to do.</summary>
    public required long Waits { get; init; }

    /// <summary>Gets how often such a worker was woken for other work.</summary>
    public required long WakeUps { get; init; }

    /// <summary>Gets how long nobody has asked although something is registered; zero while a worker waits. More than a moment means that events are not seen.</summary>
    public required TimeSpan Unattended { get; init; }
}
