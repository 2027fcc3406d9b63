namespace Runtime.Hosting;

/// <summary>The item was pushed out of a full queue before it started.</summary>
public sealed class WorkDroppedException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="queueName">The name of the queue.</param>
    /// <param name="mode">Its full mode.</param>
    public WorkDroppedException(string queueName, QueueFullMode mode)
        : base($"The item was dropped from the full queue '{queueName}' by its FullMode {mode}. Raise the queue's Capacity, or choose Wait or Reject.")
    {
        QueueName = queueName;
        Mode = mode;
    }

    /// <summary>Gets the name of the queue.</summary>
    public string QueueName { get; }

    /// <summary>Gets the full mode that dropped the item.</summary>
    public QueueFullMode Mode { get; }
}
