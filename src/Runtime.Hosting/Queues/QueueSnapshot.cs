namespace Runtime.Hosting.Queues;

/// <summary>What a queue held and had done at one moment. Accepted = Queued + Running + Succeeded + Failed + Cancelled + Dropped + Abandoned, always.</summary>
internal sealed record QueueSnapshot
{
    public required string Name { get; init; }

    public required int Capacity { get; init; }

    public required int MaxConcurrency { get; init; }

    public required QueueFullMode FullMode { get; init; }

    /// <summary>Items accepted and not started, delayed and blocked ones included.</summary>
    public required int Queued { get; init; }

    /// <summary>The same by the priority that orders them, so all Normal while priorities are off; the index is the value of <see cref="Core.TaskPriority"/>.</summary>
    public required IReadOnlyList<int> QueuedByPriority { get; init; }

    /// <summary>Those of them whose delay is not over.</summary>
    public required int Delayed { get; init; }

    /// <summary>Those of them that came up while their concurrency key was at its limit.</summary>
    public required int Blocked { get; init; }

    /// <summary>Items started and not ended, except the abandoned.</summary>
    public required int Running { get; init; }

    /// <summary>Enqueues that wait for room; not accepted yet.</summary>
    public required int Waiters { get; init; }

    public required long Accepted { get; init; }

    public required long Succeeded { get; init; }

    public required long Failed { get; init; }

    public required long Cancelled { get; init; }

    public required long Dropped { get; init; }

    /// <summary>Items that still ran when the shutdown gave up on them; however they end, they stay counted here.</summary>
    public required long Abandoned { get; init; }

    /// <summary>Enqueues refused because the queue was full.</summary>
    public required long Rejected { get; init; }

    /// <summary>Enqueues refused because their deadline, or that of an accepted item, could not be met.</summary>
    public required long RejectedLate { get; init; }

    /// <summary>Items that started and ended after their deadline, however they ended.</summary>
    public required long MissedDeadlines { get; init; }

    /// <summary>How often an item was run ahead of a more urgent one because of its age.</summary>
    public required long StarvationBoosts { get; init; }

    /// <summary>How long the item that is due and has waited longest has waited; zero when none waits.</summary>
    public required TimeSpan OldestWait { get; init; }

    /// <summary>How many items a second leave the queue while it has any: a moving mean; 0 while unknown.</summary>
    public required double DrainRate { get; init; }
}
