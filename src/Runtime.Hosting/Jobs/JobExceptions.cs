namespace Runtime.Hosting;

/// <summary>The store could not do what was asked. Nothing that it had acknowledged before is lost.</summary>
public sealed class JobStoreException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What was wrong, and what to do.</param>
    /// <param name="innerException">What the database said.</param>
    /// <param name="isTransient">Whether trying again later may help.</param>
    public JobStoreException(string message, Exception? innerException = null, bool isTransient = true)
        : base(message, innerException) => IsTransient = isTransient;

    /// <summary>Gets whether trying again later may help: a full disk, a database that is away.</summary>
    public bool IsTransient { get; }
}

/// <summary>An awaited job did not succeed.</summary>
public sealed class JobFailedException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="job">The job as it ended.</param>
    public JobFailedException(JobInfo job)
        : base($"The job {job?.Id} ('{job?.Name}') is {job?.State} after {job?.Attempt} of {job?.MaxAttempts} attempts. {job?.Reason}") => Job = job!;

    /// <summary>Gets the job as it ended.</summary>
    public JobInfo Job { get; }
}

/// <summary>There is no such job: it has been discarded, or its retention has passed.</summary>
public sealed class JobNotFoundException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="id">The id.</param>
    public JobNotFoundException(Guid id)
        : base($"There is no job {id}: it was discarded, its retention (Jobs:Retention) has passed, or the transaction that enqueued it did not commit.") => Id = id;

    /// <summary>Gets the id.</summary>
    public Guid Id { get; }
}
