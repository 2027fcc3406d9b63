namespace Runtime.Hosting;

/// <summary>What a queue does with an item when it is full.</summary>
public enum QueueFullMode
{
    /// <summary>The enqueue waits for room; the default. <c>TryEnqueue</c> does not wait and returns <see langword="false"/>.</summary>
    Wait,

    /// <summary>The enqueue throws <see cref="QueueFullException"/>; <c>TryEnqueue</c> returns <see langword="false"/>.</summary>
    Reject,

    /// <summary>The queued item that has waited longest is dropped to make room.</summary>
    DropOldest,

    /// <summary>The queued item that would have run last is dropped to make room; when the new item itself would run last, it is the one dropped.</summary>
    DropLowestPriority,
}
