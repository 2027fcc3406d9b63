using Runtime.Core;

namespace Runtime.Hosting;

/// <summary>How one durable job is stored and run.</summary>
/// <remarks>Immutable, so one instance may serve any number of enqueues.</remarks>
public sealed record JobOptions
{
    /// <summary>The options of an enqueue that names none.</summary>
    public static JobOptions Default { get; } = new();

    /// <summary>Gets the queue.</summary>
    /// <value>Default <see langword="null"/>: that of the job's attribute, or <c>default</c>. 1 to 100 printable characters.</value>
    public string? Queue { get; init; }

    /// <summary>Gets the priority.</summary>
    /// <value>Default <see cref="TaskPriority.Normal"/>.</value>
    public TaskPriority Priority { get; init; } = TaskPriority.Normal;

    /// <summary>Gets how soon, from when it is due, the job should have started. It orders jobs of equal priority; it does not cancel.</summary>
    /// <value>Default <see langword="null"/>: no deadline. Zero or more, at most 10,000 days.</value>
    public TimeSpan? Deadline { get; init; }

    /// <summary>Gets how long one run may take before its token is cancelled; a run that ends by that has failed.</summary>
    /// <value>Default <see langword="null"/>: as the job's attribute says, or as long as it likes. More than zero, at most 24 days.</value>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Gets how long the job waits before it is due.</summary>
    /// <value>Default <see langword="null"/>: none. Zero or more, at most 10,000 days. Not together with <see cref="RunAt"/>.</value>
    public TimeSpan? Delay { get; init; }

    /// <summary>Gets when the job is due. A time that is past means at once.</summary>
    /// <value>Default <see langword="null"/>: at once.</value>
    public DateTimeOffset? RunAt { get; init; }

    /// <summary>Gets a key of which only one job of this name is stored at a time; an enqueue with the key of a live one returns that one's handle.</summary>
    /// <value>Default <see langword="null"/>. At most 200 characters.</value>
    public string? UniqueKey { get; init; }

    /// <summary>Gets for how long a job keeps its <see cref="UniqueKey"/>.</summary>
    /// <value>Default <see cref="JobUniqueness.UntilDone"/>.</value>
    public JobUniqueness Uniqueness { get; init; } = JobUniqueness.UntilDone;

    /// <summary>Gets how long, from the enqueue on, the key is kept with <see cref="JobUniqueness.ForPeriod"/>.</summary>
    /// <value>Default one day. More than zero, at most 10,000 days. In memory and in SQLite the key is kept no longer than the job itself is: the retention (Jobs:Retention) after its end, and in memory while it is among the last 10,000 that ended.</value>
    public TimeSpan UniquePeriod { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Gets a key of which at most <see cref="ConcurrencyLimit"/> jobs run at once, on all machines together.</summary>
    /// <value>Default <see langword="null"/>: no limit but the queue's. At most 200 characters.</value>
    public string? ConcurrencyKey { get; init; }

    /// <summary>Gets how many jobs of the <see cref="ConcurrencyKey"/> may run at once. A job is held to its own limit.</summary>
    /// <value>Default 1. From 1 to 1,000,000.</value>
    public int ConcurrencyLimit { get; init; } = 1;

    /// <summary>Gets a key of which at most <see cref="RateLimit"/> jobs start in any span of <see cref="RatePeriod"/>, on all machines together. Each attempt is a start.</summary>
    /// <value>Default <see langword="null"/>: no limit but the queue's. At most 200 characters.</value>
    public string? RateKey { get; init; }

    /// <summary>Gets how many jobs of the <see cref="RateKey"/> may start in any <see cref="RatePeriod"/>. A job is held to its own limit; those that wait keep their order, so one that waits by a stricter limit holds up those behind it: give a key one limit.</summary>
    /// <value>Default 1. From 1 to 1,000,000.</value>
    public int RateLimit { get; init; } = 1;

    /// <summary>Gets the span of time that <see cref="RateLimit"/> is for.</summary>
    /// <value>Default 1 second. From 10 milliseconds to 31 days.</value>
    public TimeSpan RatePeriod { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Gets what the job belongs to, e.g. a tenant: where jobs are spread over several databases, all jobs of one value are in the same one. Keys and their limits hold among the jobs of a value.</summary>
    /// <value>Default <see langword="null"/>: none; such jobs are in the first database. 1 to 200 printable characters. A job that waits for another one, and the jobs of a batch, have the same value or none.</value>
    public string? ShardBy { get; init; }

    /// <summary>Gets words to find the job by.</summary>
    /// <value>Default: none. At most 20, each of 1 to 100 printable characters.</value>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Gets how often the job is tried in all.</summary>
    /// <value>Default 0: as the job's attribute says, or <c>Jobs:MaxAttempts</c>. From 0 to 1,000.</value>
    public int MaxAttempts { get; init; }

    /// <summary>Gets the wait before the second attempt; it doubles with each further one, and each wait is drawn at random from its upper half.</summary>
    /// <value>Default <see langword="null"/>: as the job's attribute says, or <c>Jobs:RetryDelay</c>. More than zero, at most 10,000 days.</value>
    public TimeSpan? RetryDelay { get; init; }

    /// <summary>Gets the job after whose end this one may run.</summary>
    /// <value>Default <see langword="null"/>: it need not wait for any.</value>
    public Guid? After { get; init; }

    /// <summary>Gets which end of <see cref="After"/> releases the job; after another one it is cancelled.</summary>
    /// <value>Default <see cref="JobContinuation.Success"/>.</value>
    public JobContinuation On { get; init; } = JobContinuation.Success;
}

/// <summary>For how long a job keeps its <see cref="JobOptions.UniqueKey"/>.</summary>
/// <remarks>The numbers stand in stores and never change their meaning.</remarks>
public enum JobUniqueness
{
    /// <summary>Until it is over, however it ends.</summary>
    UntilDone = 0,

    /// <summary>Until it first starts: while one runs, the next may be queued.</summary>
    WhileQueued = 1,

    /// <summary>For <see cref="JobOptions.UniquePeriod"/> from its enqueue, whether or not it is over by then.</summary>
    ForPeriod = 2,
}

/// <summary>Which end of a job releases a continuation.</summary>
/// <remarks>The numbers stand in stores and never change their meaning.</remarks>
public enum JobContinuation
{
    /// <summary>It succeeded.</summary>
    Success = 0,

    /// <summary>It failed or was cancelled.</summary>
    Failure = 1,

    /// <summary>It is over, however it ended.</summary>
    Any = 2,
}
