namespace Runtime.Hosting;

/// <summary>What a run of a job came to, and so what happens next.</summary>
/// <remarks>Immutable. To fail, throw: the exception is stored with the job, and it is tried again as its retry policy says.</remarks>
public sealed record JobOutcome
{
    private JobOutcome(JobOutcomeKind kind) => Kind = kind;

    /// <summary>Gets the outcome of a job that is done and has no result.</summary>
    public static JobOutcome Done { get; } = new(JobOutcomeKind.Done);

    /// <summary>Gets the kind of outcome.</summary>
    public JobOutcomeKind Kind { get; }

    /// <summary>Gets how long the job waits before it runs again.</summary>
    public TimeSpan Delay { get; private init; }

    /// <summary>Gets why.</summary>
    public string? Reason { get; private init; }

    /// <summary>Gets the result of a job that is done; <see langword="null"/> when it has none.</summary>
    public object? Result { get; private init; }

    /// <summary>The job is done and has a result, which whoever awaits its handle gets.</summary>
    /// <typeparam name="TResult">The type of the result; it is stored as JSON.</typeparam>
    /// <param name="result">The result.</param>
    /// <returns>The outcome.</returns>
    public static JobOutcome DoneWith<TResult>(TResult result) => new(JobOutcomeKind.Done) { Result = result };

    /// <summary>The attempt has failed, and the next one is due after a time of the job's own choice instead of the policy's. Without attempts left the job has failed.</summary>
    /// <param name="delay">How long to wait. Zero or more, at most 10,000 days.</param>
    /// <param name="reason">Why, for status pages.</param>
    /// <returns>The outcome.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="delay"/> is out of its range.</exception>
    public static JobOutcome RetryIn(TimeSpan delay, string? reason = null) => new(JobOutcomeKind.Retry) { Delay = JobRules.CheckDelay(delay, nameof(delay)), Reason = reason };

    /// <summary>It is too early: run the job again later. Spends no attempt.</summary>
    /// <param name="delay">How long to wait. Zero or more, at most 10,000 days.</param>
    /// <param name="reason">Why, for status pages.</param>
    /// <returns>The outcome.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="delay"/> is out of its range.</exception>
    public static JobOutcome SnoozeFor(TimeSpan delay, string? reason = null) => new(JobOutcomeKind.Snooze) { Delay = JobRules.CheckDelay(delay, nameof(delay)), Reason = reason };

    /// <summary>There is no point in running the job, now or later: it ends as cancelled.</summary>
    /// <param name="reason">Why.</param>
    /// <returns>The outcome.</returns>
    public static JobOutcome Cancel(string? reason = null) => new(JobOutcomeKind.Cancel) { Reason = reason };
}

/// <summary>The kinds of <see cref="JobOutcome"/>.</summary>
public enum JobOutcomeKind
{
    /// <summary>The job has succeeded.</summary>
    Done,

    /// <summary>The attempt has failed; run it again after a time.</summary>
    Retry,

    /// <summary>Not now; run it again after a time, and do not count this attempt.</summary>
    Snooze,

    /// <summary>Never again.</summary>
    Cancel,
}
