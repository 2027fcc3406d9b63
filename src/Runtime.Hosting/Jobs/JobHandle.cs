using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Runtime.Hosting;

/// <summary>One stored job: the way to wait for it, to read its result and to cancel it, in whichever process it runs.</summary>
/// <remarks>Thread safe. Waiting costs nothing but memory: the end is signalled.</remarks>
public sealed class JobHandle
{
    private readonly Jobs.JobClient _client;

    internal JobHandle(Jobs.JobClient client, Guid id, string name, bool isDuplicate)
    {
        _client = client;
        Id = id;
        Name = name;
        IsDuplicate = isDuplicate;
    }

    /// <summary>Gets the id.</summary>
    public Guid Id { get; }

    /// <summary>Gets the name of its kind.</summary>
    public string Name { get; }

    /// <summary>Gets whether the enqueue stored nothing because a job with its unique key was there; this is the handle of that job.</summary>
    public bool IsDuplicate { get; }

    /// <summary>Reads how the job stands.</summary>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>What the store knows; <see langword="null"/> when it has been discarded or has passed its retention.</returns>
    /// <exception cref="JobStoreException">The store did not answer.</exception>
    public ValueTask<JobInfo?> GetAsync(CancellationToken cancellationToken = default) => _client.GetAsync(Id, cancellationToken);

    /// <summary>Waits until the job is over, however it ends, or parked.</summary>
    /// <param name="cancellationToken">Cancels the waiting, not the job.</param>
    /// <returns>The job as it ended.</returns>
    /// <exception cref="JobNotFoundException">The job has been discarded.</exception>
    /// <exception cref="JobStoreException">The store did not answer for a minute (a shorter fault is waited out), or the process stops.</exception>
    public Task<JobInfo> WaitAsync(CancellationToken cancellationToken = default) => _client.WaitAsync(Id, cancellationToken);

    /// <summary>Waits until the job has succeeded and reads its result.</summary>
    /// <typeparam name="TResult">The type of the result.</typeparam>
    /// <param name="cancellationToken">Cancels the waiting, not the job.</param>
    /// <returns>The result; <see langword="default"/> when the job gave none.</returns>
    /// <exception cref="JobFailedException">The job failed or was parked.</exception>
    /// <exception cref="OperationCanceledException">The job was cancelled, or the waiting was.</exception>
    /// <exception cref="JobNotFoundException">The job has been discarded.</exception>
    /// <exception cref="JsonException">The stored result is not of that type.</exception>
    public async Task<TResult?> GetResultAsync<TResult>(CancellationToken cancellationToken = default) =>
        (await _client.WaitForSuccessAsync(Id, cancellationToken)).ResultAs<TResult>(_client.Json);

    /// <summary>Cancels the job: one that waits never starts, one that runs has its token cancelled.</summary>
    /// <param name="reason">Why, for logs and status pages.</param>
    /// <param name="cancellationToken">Cancels the asking.</param>
    /// <returns>What came of it.</returns>
    /// <exception cref="JobStoreException">The store did not answer.</exception>
    public ValueTask<JobCancellation> CancelAsync(string? reason = null, CancellationToken cancellationToken = default) => _client.CancelAsync(Id, reason, cancellationToken);

    /// <summary>Waits until the job has succeeded.</summary>
    /// <returns>An awaiter that gives the job as it ended, and throws as <see cref="GetResultAsync"/> does when it did not succeed.</returns>
    public TaskAwaiter<JobInfo> GetAwaiter() => _client.WaitForSuccessAsync(Id, CancellationToken.None).GetAwaiter();
}
