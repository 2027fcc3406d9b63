using System.Text.Json;
using Runtime.Core;

namespace Runtime.Hosting;

/// <summary>What the store knew of a job when it was asked.</summary>
public sealed record JobInfo
{
    /// <summary>Gets the id.</summary>
    public required Guid Id { get; init; }

    /// <summary>Gets its number in the order in which jobs came into its database.</summary>
    public long Row { get; init; }

    /// <summary>Gets the name of its kind.</summary>
    public required string Name { get; init; }

    /// <summary>Gets the queue.</summary>
    public required string Queue { get; init; }

    /// <summary>Gets where it is in its life.</summary>
    public required JobState State { get; init; }

    /// <summary>Gets the priority.</summary>
    public TaskPriority Priority { get; init; } = TaskPriority.Normal;

    /// <summary>Gets how many attempts have begun, the present one included.</summary>
    public int Attempt { get; init; }

    /// <summary>Gets how many attempts there are in all.</summary>
    public int MaxAttempts { get; init; }

    /// <summary>Gets how often the process died while the job ran.</summary>
    public int Crashes { get; init; }

    /// <summary>Gets when it was stored.</summary>
    public DateTimeOffset EnqueuedAt { get; init; }

    /// <summary>Gets when it is, or last was, due.</summary>
    public DateTimeOffset RunAt { get; init; }

    /// <summary>Gets when its last attempt began.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>Gets when it ended.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Gets why it is in this state: the last error, the reason of a cancellation, what it is blocked by.</summary>
    public string? Reason { get; init; }

    /// <summary>Gets the node that runs it, or ran it last.</summary>
    public string? Node { get; init; }

    /// <summary>Gets what it last reported of its progress.</summary>
    public WorkProgress? Progress { get; init; }

    /// <summary>Gets its tags.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Gets its unique key.</summary>
    public string? UniqueKey { get; init; }

    /// <summary>Gets its concurrency key.</summary>
    public string? ConcurrencyKey { get; init; }

    /// <summary>Gets its rate key.</summary>
    public string? RateKey { get; init; }

    /// <summary>Gets the recurring job that it is a run of.</summary>
    public string? Schedule { get; init; }

    /// <summary>Gets the batch that it belongs to.</summary>
    public Guid? Batch { get; init; }

    /// <summary>Gets how many jobs belong to it when it is a batch; otherwise 0.</summary>
    public int Members { get; init; }

    /// <summary>Gets how many of those are not over.</summary>
    public int MembersLeft { get; init; }

    /// <summary>Gets its arguments, as stored JSON. They may hold what not everybody should see.</summary>
    public ReadOnlyMemory<byte> Arguments { get; init; }

    /// <summary>Gets its result, as stored JSON; empty when it has none.</summary>
    public ReadOnlyMemory<byte> Result { get; init; }

    /// <summary>Gets whether it is over. A parked job is not: it waits to be released.</summary>
    public bool IsOver => State is JobState.Succeeded or JobState.Failed or JobState.Cancelled;

    /// <summary>Reads the result.</summary>
    /// <typeparam name="TResult">Its type.</typeparam>
    /// <param name="options">How to read JSON; by default as <see cref="JsonSerializerOptions.Web"/> says.</param>
    /// <returns>The result; <see langword="default"/> when there is none.</returns>
    /// <exception cref="JsonException">The stored JSON is not of that type.</exception>
    public TResult? ResultAs<TResult>(JsonSerializerOptions? options = null) =>
        Result.IsEmpty ? default : JsonSerializer.Deserialize<TResult>(Result.Span, options ?? JsonSerializerOptions.Web);
}
