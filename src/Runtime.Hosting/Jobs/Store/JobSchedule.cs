namespace Runtime.Hosting.Jobs;

/// <summary>A recurring job as it is stored.</summary>
public sealed record JobSchedule
{
    /// <summary>Gets its name.</summary>
    public required string Name { get; init; }

    /// <summary>Gets the cron expression.</summary>
    public required string Cron { get; init; }

    /// <summary>Gets the id of the time zone that it is read in.</summary>
    public required string TimeZone { get; init; }

    /// <summary>Gets what happens to runs that were missed.</summary>
    public required MissedRuns MissedRuns { get; init; }

    /// <summary>Gets what each run stores; its id is of no account.</summary>
    public required NewJob Template { get; init; }

    /// <summary>Gets the next due time; <see langword="null"/>: never.</summary>
    public DateTimeOffset? Next { get; init; }

    /// <summary>Gets the last due time that was fired.</summary>
    public DateTimeOffset? Last { get; init; }

    /// <summary>This recurring job in place of an earlier one of its name: what has been fired stays fired, and the next time stays unless expression or zone have changed.</summary>
    /// <param name="old">The earlier one.</param>
    /// <returns>What is to be stored.</returns>
    public JobSchedule After(JobSchedule old)
    {
        ArgumentNullException.ThrowIfNull(old);
        return this with { Last = old.Last, Next = old.Cron == Cron && old.TimeZone == TimeZone ? old.Next : Next };
    }
}

/// <summary>One run of a recurring job.</summary>
/// <param name="Due">Its due time.</param>
/// <param name="Job">The job.</param>
public sealed record JobRun(DateTimeOffset Due, NewJob Job);
