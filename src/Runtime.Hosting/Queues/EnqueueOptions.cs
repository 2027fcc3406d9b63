using Runtime.Core;

namespace Runtime.Hosting;

/// <summary>How one item is queued and run.</summary>
/// <remarks>Immutable, so one instance may serve any number of enqueues.</remarks>
public sealed record EnqueueOptions
{
    /// <summary>The options of an enqueue that names none.</summary>
    public static EnqueueOptions Default { get; } = new();

    /// <summary>Gets the priority.</summary>
    /// <value>Default <see cref="TaskPriority.Normal"/>.</value>
    public TaskPriority Priority { get; init; } = TaskPriority.Normal;

    /// <summary>Gets how soon, from the enqueue on, the item should have ended. It orders items of equal priority; it does not cancel. In a queue whose
    /// <see cref="BackgroundQueueOptions.Admission"/> is <see cref="QueueAdmission.RejectIfLate"/>, an item that would miss it is refused.</summary>
    /// <value>Default <see langword="null"/>: no deadline. Zero or more.</value>
    public TimeSpan? Deadline { get; init; }

    /// <summary>Gets how long the item may run before its token is cancelled.</summary>
    /// <value>Default <see langword="null"/>: as long as it likes. More than zero, at most 24 days.</value>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Gets how long the item waits before it takes its place in the order. A delayed item counts towards the capacity.</summary>
    /// <value>Default <see langword="null"/>: none. Zero or more.</value>
    public TimeSpan? Delay { get; init; }

    /// <summary>Gets a name for logs, metrics' exemplars and status pages.</summary>
    /// <value>Default <see langword="null"/>. At most 200 characters.</value>
    public string? Name { get; init; }

    /// <summary>Gets a key of which at most <see cref="ConcurrencyLimit"/> items run at once in this queue.</summary>
    /// <value>Default <see langword="null"/>: no limit but the queue's. At most 200 characters.</value>
    public string? ConcurrencyKey { get; init; }

    /// <summary>Gets how many items of the <see cref="ConcurrencyKey"/> may run at once. While items of a key are live, the smallest limit among them counts.</summary>
    /// <value>Default 1. 1 or more.</value>
    public int ConcurrencyLimit { get; init; } = 1;

    /// <summary>Gets whose share of the queue the item takes, such as a tenant. Among waiting items of one priority without a deadline, keys take turns by their weights.</summary>
    /// <value>Default <see langword="null"/>: items without a key share as one key does. At most 200 characters.</value>
    /// <remarks>The weights are <see cref="BackgroundQueueOptions.ShareWeights"/>. Within a key: first in, first out. A turn is one item, however long it runs.</remarks>
    public string? ShareKey { get; init; }

    /// <summary>Gets a key that makes the item unique while it is queued or running: a second enqueue with it returns the live handle.</summary>
    /// <value>Default <see langword="null"/>. At most 200 characters.</value>
    public string? UniqueKey { get; init; }

    /// <summary>Gets words to find the item by.</summary>
    /// <value>Default: none.</value>
    public IReadOnlyList<string> Tags { get; init; } = [];
}
