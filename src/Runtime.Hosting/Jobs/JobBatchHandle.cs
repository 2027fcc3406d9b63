namespace Runtime.Hosting;

/// <summary>Jobs that were stored together: how far they are, and the way to wait for them and to cancel them.</summary>
/// <remarks>Thread safe. Waiting costs nothing but memory: the end is signalled.</remarks>
public sealed class JobBatchHandle
{
    private readonly Jobs.JobClient _client;

    internal JobBatchHandle(Jobs.JobClient client, JobHandle job) => (_client, Job) = (client, job);

    /// <summary>Gets the id, for <see cref="IJobClient.FindBatchAsync"/> and <see cref="JobFilter.Batch"/>.</summary>
    public Guid Id => Job.Id;

    /// <summary>Gets the job that stands for the batch: the one at its end, or one that runs nothing and succeeds then. What is to come after the batch names its id in <see cref="JobOptions.After"/>.</summary>
    public JobHandle Job { get; }

    /// <summary>Reads how far the batch is.</summary>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>How many of its jobs are in which state; <see langword="null"/> when the batch has been discarded or has passed its retention.</returns>
    /// <exception cref="JobStoreException">The store did not answer.</exception>
    public ValueTask<JobBatchStatus?> GetAsync(CancellationToken cancellationToken = default) => _client.GetBatchAsync(Id, cancellationToken);

    /// <summary>Waits until all jobs are over and the one at the end, if there is one, has ended too.</summary>
    /// <param name="cancellationToken">Cancels the waiting, not the jobs.</param>
    /// <returns>How the jobs ended.</returns>
    /// <exception cref="JobNotFoundException">The batch has been discarded.</exception>
    /// <exception cref="JobStoreException">The store did not answer for a minute (a shorter fault is waited out), or the process stops.</exception>
    public Task<JobBatchStatus> WaitAsync(CancellationToken cancellationToken = default) => _client.WaitBatchAsync(Id, cancellationToken);

    /// <summary>Cancels all jobs that are not over, and the one at the end.</summary>
    /// <param name="reason">Why, for logs and status pages.</param>
    /// <param name="cancellationToken">Cancels the asking; some may be cancelled then.</param>
    /// <returns>How many never start, or were asked to stop.</returns>
    /// <exception cref="JobStoreException">The store did not answer.</exception>
    public ValueTask<int> CancelAsync(string? reason = null, CancellationToken cancellationToken = default) => _client.CancelBatchAsync(Id, reason, cancellationToken);
}

/// <summary>How far a batch is.</summary>
/// <param name="Total">How many jobs it has.</param>
/// <param name="Left">How many of them are not over.</param>
/// <param name="States">How many are in each state that has any. Those that were discarded, or have passed their retention, are in none.</param>
/// <param name="State">The state of the job that stands for the batch.</param>
public sealed record JobBatchStatus(int Total, int Left, IReadOnlyDictionary<JobState, long> States, JobState State)
{
    /// <summary>Gets how much of it is done, from 0 to 1.</summary>
    public double Fraction => Total == 0 ? 1 : (Total - Left) / (double)Total;
}
