namespace Runtime.Hosting;

/// <summary>Where a work item is in its life. The last four are final.</summary>
public enum WorkStatus
{
    /// <summary>Accepted; waiting for its delay, its turn or its concurrency key.</summary>
    Queued,

    /// <summary>Started and not yet over.</summary>
    Running,

    /// <summary>Over, without an exception.</summary>
    Succeeded,

    /// <summary>Over, with the exception in <see cref="WorkHandle.Error"/>.</summary>
    Failed,

    /// <summary>Over: cancelled by its handle, its timeout or the shutdown.</summary>
    Cancelled,

    /// <summary>Over: pushed out of a full queue before it started.</summary>
    Dropped,
}
