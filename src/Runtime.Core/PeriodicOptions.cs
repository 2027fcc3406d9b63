namespace Runtime.Core;

/// <summary>How work is repeated. See <see cref="PeriodicWorkExtensions.SpawnPeriodic"/>.</summary>
/// <remarks>Immutable, so thread safe.</remarks>
public sealed record PeriodicOptions
{
    internal static PeriodicOptions Default { get; } = new();

    /// <summary>Gets the time to the first run.</summary>
    /// <value>Default <see langword="null"/>: one period. Zero: at once. At most 4,294,967,294 ms.</value>
    public TimeSpan? InitialDelay { get; init; }

    /// <summary>Gets what the period is measured between.</summary>
    /// <value>Default <see cref="PeriodicRhythm.FixedRate"/>.</value>
    public PeriodicRhythm Rhythm { get; init; }

    /// <summary>Gets what becomes of a tick that finds no room, because earlier runs still go on or because nothing fired for a while.</summary>
    /// <value>Default <see cref="MissedTicks.Skip"/>. With <see cref="PeriodicRhythm.FixedDelay"/> no tick can be missed.</value>
    public MissedTicks Missed { get; init; }

    /// <summary>Gets how many missed ticks may wait to be made up for; more are skipped, and counted.</summary>
    /// <value>Default 100. From 1 to 1,000,000. Only with <see cref="MissedTicks.CatchUp"/>.</value>
    public int MaxCatchUp { get; init; } = 100;

    /// <summary>Gets how many runs may go on at the same time.</summary>
    /// <value>Default 1: a run never overlaps with the one before. From 1 to 10,000; 1 with <see cref="PeriodicRhythm.FixedDelay"/>.</value>
    public int MaxConcurrency { get; init; } = 1;

    /// <summary>Gets whether the first run that fails is the last.</summary>
    /// <value>Default <see langword="false"/>: a failure is counted and reported, and the next run comes in its time.</value>
    public bool StopOnError { get; init; }

    /// <summary>Gets how much later than its time a tick may come, so that the ticks of several timers need one wake-up. The rate is kept.</summary>
    /// <value>Default zero. Only on an <see cref="AsyncRuntime"/>.</value>
    public TimeSpan Slack { get; init; }

    /// <summary>Gets the priority of the runs.</summary>
    /// <value>Default <see cref="TaskPriority.Normal"/>.</value>
    public TaskPriority Priority { get; init; } = TaskPriority.Normal;

    /// <summary>Gets the name of the runs, for messages.</summary>
    /// <value>Default <see langword="null"/>.</value>
    public string? Name { get; init; }
}

/// <summary>What a period is measured between.</summary>
public enum PeriodicRhythm
{
    /// <summary>From tick to tick: each is due a period after the last one was due, however late that came and however long its run took.</summary>
    FixedRate,

    /// <summary>From the end of a run to the start of the next.</summary>
    FixedDelay,
}

/// <summary>What becomes of ticks that could not be served in their time.</summary>
public enum MissedTicks
{
    /// <summary>They are left out. The next run comes at the next tick of the same rhythm.</summary>
    Skip,

    /// <summary>They are made up for, one after another, as soon as there is room.</summary>
    CatchUp,
}
