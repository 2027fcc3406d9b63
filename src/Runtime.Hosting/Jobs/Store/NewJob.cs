using System.Text.Json.Serialization;
using Runtime.Core;

namespace Runtime.Hosting.Jobs;

/// <summary>A job as it is handed to a store.</summary>
public sealed record NewJob
{
    /// <summary>Gets the id; made by the client, so that an enqueue can be repeated.</summary>
    public required Guid Id { get; init; }

    /// <summary>Gets the name of its kind.</summary>
    public required string Name { get; init; }

    /// <summary>Gets its queue.</summary>
    public required string Queue { get; init; }

    /// <summary>Gets its arguments as JSON.</summary>
    public required ReadOnlyMemory<byte> Arguments { get; init; }

    /// <summary>Gets its priority.</summary>
    public TaskPriority Priority { get; init; } = TaskPriority.Normal;

    /// <summary>Gets how long it waits before it is due.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>Gets when it is due; counts only without a <see cref="Delay"/>.</summary>
    public DateTimeOffset? RunAt { get; init; }

    /// <summary>Gets how soon after that it should have started.</summary>
    public TimeSpan? Deadline { get; init; }

    /// <summary>Gets how long one run may take.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Gets how often it is tried in all; 1 or more.</summary>
    public required int MaxAttempts { get; init; }

    /// <summary>Gets the wait before the second attempt; <see langword="null"/>: as the node that runs it is configured.</summary>
    public TimeSpan? RetryDelay { get; init; }

    /// <summary>Gets its unique key, as <see cref="JobKeys.Within"/> makes it.</summary>
    public string? UniqueKey { get; init; }

    /// <summary>Gets for how long it keeps that.</summary>
    public JobUniqueness Uniqueness { get; init; }

    /// <summary>Gets how long that is with <see cref="JobUniqueness.ForPeriod"/>.</summary>
    public TimeSpan UniquePeriod { get; init; }

    /// <summary>Gets its concurrency key, as <see cref="JobKeys.Within"/> makes it.</summary>
    public string? ConcurrencyKey { get; init; }

    /// <summary>Gets how many jobs of that key may run at once.</summary>
    public int ConcurrencyLimit { get; init; } = 1;

    /// <summary>Gets its rate key, as <see cref="JobKeys.Within"/> makes it.</summary>
    public string? RateKey { get; init; }

    /// <summary>Gets how many jobs of that key may start in any <see cref="RatePeriod"/>.</summary>
    public int RateLimit { get; init; } = 1;

    /// <summary>Gets the span of time that <see cref="RateLimit"/> is for.</summary>
    public TimeSpan RatePeriod { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Gets both.</summary>
    [JsonIgnore]
    public JobRate Rate => new(RateLimit, RatePeriod);

    /// <summary>Gets its tags.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Gets the trace that it belongs to, as W3C <c>traceparent</c>.</summary>
    public string? TraceParent { get; init; }

    /// <summary>Gets the job that it waits for.</summary>
    public Guid? After { get; init; }

    /// <summary>Gets which end of that releases it.</summary>
    public JobContinuation On { get; init; }

    /// <summary>Gets the batch that it belongs to: the id of the job that waits for all of them.</summary>
    public Guid? Batch { get; init; }

    /// <summary>Gets how many jobs belong to it, when it is a batch: it waits until so many of them are over, however they end. 0: it is none.</summary>
    /// <remarks>Then it is queued; or succeeds without a run when it is <see cref="IsMarker"/>. It is stored before its members, in the same call.</remarks>
    public int Members { get; init; }

    /// <summary>Gets whether it stands for the end of its members and nothing is to be run then.</summary>
    [JsonIgnore]
    public bool IsMarker => Members > 0 && Name == JobRules.BatchName;

    /// <summary>Gets what decides in which cell it is, where there are several; only of account on the way into the store.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ShardBy { get; init; }

    /// <summary>Gets the recurring job that it is a run of.</summary>
    public string? Schedule { get; init; }

    /// <summary>Begins the description of a stored job with what was known when it was handed over; for stores.</summary>
    /// <param name="state">Where it is in its life.</param>
    /// <returns>A description; the store adds the rest.</returns>
    public JobInfo Describe(JobState state) => new()
    {
        Id = Id,
        Name = Name,
        Queue = Queue,
        State = state,
        Priority = Priority,
        MaxAttempts = MaxAttempts,
        Tags = Tags,
        UniqueKey = JobKeys.Shown(UniqueKey),
        ConcurrencyKey = JobKeys.Shown(ConcurrencyKey),
        RateKey = JobKeys.Shown(RateKey),
        Schedule = Schedule,
        Batch = Batch,
        Members = Members,
    };
}

/// <summary>What a store says of a job it was handed.</summary>
/// <param name="Id">The id of the stored job; another one's when the unique key was taken.</param>
/// <param name="IsDuplicate">Whether the unique key was taken.</param>
public sealed record JobReceipt(Guid Id, bool IsDuplicate);
