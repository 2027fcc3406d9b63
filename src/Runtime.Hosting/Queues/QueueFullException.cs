namespace Runtime.Hosting;

/// <summary>An item was refused because the queue was full and is set to <see cref="QueueFullMode.Reject"/>.</summary>
public sealed class QueueFullException : InvalidOperationException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="queueName">The name of the queue.</param>
    /// <param name="capacity">Its capacity.</param>
    /// <param name="retryAfter">How long it should take until there is room, estimated from the rate at which the queue drains.</param>
    public QueueFullException(string queueName, int capacity, TimeSpan retryAfter)
        : base($"The queue '{queueName}' is full: {capacity} items wait. Try again in about {Math.Ceiling(retryAfter.TotalSeconds)} s, raise its Capacity, or choose another FullMode.")
    {
        QueueName = queueName;
        Capacity = capacity;
        RetryAfter = retryAfter;
    }

    /// <summary>Gets the name of the queue.</summary>
    public string QueueName { get; }

    /// <summary>Gets its capacity in items.</summary>
    public int Capacity { get; }

    /// <summary>Gets the estimate of how long it takes until there is room.</summary>
    public TimeSpan RetryAfter { get; }
}
