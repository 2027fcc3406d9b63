namespace Runtime.Hosting.Jobs;

/// <summary>How one run of a job ended.</summary>
/// <param name="Lease">The lease of the run.</param>
/// <param name="Kind">How it ended.</param>
/// <param name="Reason">Why, if there is something to say.</param>
public sealed record JobEnding(JobLease Lease, JobEndingKind Kind, string? Reason = null)
{
    /// <summary>Gets how long the job waits before it is due again; for <see cref="JobEndingKind.Retry"/> and <see cref="JobEndingKind.Snooze"/>.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>Gets the result as JSON; empty when there is none.</summary>
    public ReadOnlyMemory<byte> Result { get; init; }
}

/// <summary>How a run of a job can end.</summary>
public enum JobEndingKind
{
    /// <summary>It succeeded.</summary>
    Succeeded,

    /// <summary>It failed for good.</summary>
    Failed,

    /// <summary>It was cancelled.</summary>
    Cancelled,

    /// <summary>It cannot be run here.</summary>
    Parked,

    /// <summary>It failed and is tried again.</summary>
    Retry,

    /// <summary>It wants to be run later; the attempt does not count.</summary>
    Snooze,

    /// <summary>The process stops; it is queued again at once, and the attempt does not count.</summary>
    Interrupted,
}

/// <summary>What a running job says of its progress.</summary>
/// <param name="Lease">The lease of the run.</param>
/// <param name="Progress">How far it says it is.</param>
public sealed record JobReport(JobLease Lease, WorkProgress Progress);
