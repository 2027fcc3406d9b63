namespace Runtime.Hosting.Jobs;

/// <summary>A job with all that a store knows of it, on its way to another store.</summary>
public sealed record JobCopy
{
    /// <summary>Gets what was handed over; its <see cref="NewJob.RunAt"/> is when it is, or last was, due.</summary>
    public required NewJob Job { get; init; }

    /// <summary>Gets what has become of it, with arguments and result.</summary>
    public required JobInfo Info { get; init; }

    /// <summary>Gets what its last attempt failed of.</summary>
    public string? LastError { get; init; }

    /// <summary>Gets until when it has its unique key; <see cref="DateTimeOffset.MaxValue"/>: until it is over, <see langword="null"/>: it has none, or no longer.</summary>
    public DateTimeOffset? KeyUntil { get; init; }
}

/// <summary>A store that jobs can be moved out of.</summary>
/// <remarks>Between <see cref="IJobStore.OpenAsync"/> and its end, by one caller, and nobody claims meanwhile.</remarks>
public interface IJobStoreSource : IJobStore
{
    /// <summary>Gets where it is, for messages.</summary>
    string Place { get; }

    /// <summary>Gets whether there is a store at all; asked before it is opened, which might make one.</summary>
    bool IsThere { get; }

    /// <summary>Reads jobs in the order in which they came.</summary>
    /// <param name="waiting">Whether those that wait for other jobs are wanted, or all others.</param>
    /// <param name="atMost">How many.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>The first of those that have not been forgotten.</returns>
    ValueTask<IReadOnlyList<JobCopy>> ReadAsync(bool waiting, int atMost, CancellationToken cancellationToken);

    /// <summary>Removes jobs that are elsewhere by now. Nothing ends by that, and nobody is told.</summary>
    /// <param name="ids">The jobs.</param>
    /// <param name="cancellationToken">Cancels the waiting.</param>
    /// <returns>A task; completed when it has happened for good.</returns>
    ValueTask ForgetAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken);
}

/// <summary>A store that jobs can be moved into.</summary>
public interface IJobStoreTarget : IJobStore
{
    /// <summary>Stores jobs as they are, ids kept. One whose id is already there is left as it is: a call can be repeated.</summary>
    /// <param name="jobs">The jobs. Those that wait for others have come in an earlier call than the others.</param>
    /// <param name="cancellationToken">Cancels the waiting.</param>
    /// <returns>How many were not yet there.</returns>
    ValueTask<int> TakeInAsync(IReadOnlyList<JobCopy> jobs, CancellationToken cancellationToken);
}
