using System.Data.Common;

namespace Runtime.Hosting;

/// <summary>Stores durable jobs and looks after them. Inject it anywhere; a singleton.</summary>
/// <remarks>Thread safe. Once an enqueue has returned, the job is kept as the store promises: by a file or a database until it has run, by memory until the process ends.</remarks>
public interface IJobClient
{
    /// <summary>Stores a job.</summary>
    /// <typeparam name="TJob">Its kind.</typeparam>
    /// <typeparam name="TArgs">Its arguments.</typeparam>
    /// <param name="args">The arguments; stored as JSON.</param>
    /// <param name="options">How it is stored and run.</param>
    /// <param name="cancellationToken">Cancels the waiting for the store. Whether the job was stored is then not known; enqueue again with a <see cref="JobOptions.UniqueKey"/> if that matters.</param>
    /// <returns>Its handle, or with a <see cref="JobOptions.UniqueKey"/> that of the job which was there.</returns>
    /// <exception cref="ArgumentException">An option is out of its range, or the arguments are larger than <c>Jobs:MaxArgumentBytes</c>.</exception>
    /// <exception cref="InvalidOperationException">The kind of job is not registered.</exception>
    /// <exception cref="JobStoreException">The store could not keep the job.</exception>
    ValueTask<JobHandle> EnqueueAsync<TJob, TArgs>(TArgs args, JobOptions? options = null, CancellationToken cancellationToken = default)
        where TJob : IJob<TArgs>;

    /// <summary>Stores a job within the caller's own transaction: it exists if, and only once, that commits.</summary>
    /// <param name="args">The arguments; stored as JSON.</param>
    /// <param name="transaction">A transaction on the database that the jobs are stored in.</param>
    /// <param name="options">How it is stored and run.</param>
    /// <param name="cancellationToken">Cancels the waiting for the store.</param>
    /// <inheritdoc cref="EnqueueAsync{TJob, TArgs}(TArgs, JobOptions?, CancellationToken)"/>
    /// <exception cref="NotSupportedException">The store has no transactions, or the transaction is of another database.</exception>
    ValueTask<JobHandle> EnqueueAsync<TJob, TArgs>(TArgs args, DbTransaction transaction, JobOptions? options = null, CancellationToken cancellationToken = default)
        where TJob : IJob<TArgs>;

    /// <summary>Stores several jobs of a kind at once: all of them or none.</summary>
    /// <param name="args">The arguments of each; at most 100,000.</param>
    /// <param name="options">How they are stored and run.</param>
    /// <param name="cancellationToken">Cancels the waiting for the store.</param>
    /// <returns>Their handles, in the order of <paramref name="args"/>.</returns>
    /// <inheritdoc cref="EnqueueAsync{TJob, TArgs}(TArgs, JobOptions?, CancellationToken)"/>
    ValueTask<IReadOnlyList<JobHandle>> EnqueueManyAsync<TJob, TArgs>(IEnumerable<TArgs> args, JobOptions? options = null, CancellationToken cancellationToken = default)
        where TJob : IJob<TArgs>;

    /// <summary>Stores a batch: all of its jobs or none.</summary>
    /// <param name="batch">The jobs, 1 to 100,000, and what runs when they are over.</param>
    /// <param name="cancellationToken">Cancels the waiting for the store.</param>
    /// <returns>The one handle of all of them.</returns>
    /// <exception cref="ArgumentException">There are no jobs or too many, an option is out of its range, or arguments are larger than <c>Jobs:MaxArgumentBytes</c>.</exception>
    /// <exception cref="InvalidOperationException">A kind of job is not registered.</exception>
    /// <exception cref="JobStoreException">The store could not keep the jobs.</exception>
    ValueTask<JobBatchHandle> EnqueueBatchAsync(JobBatch batch, CancellationToken cancellationToken = default);

    /// <summary>Finds the handle of a stored batch.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>The handle; <see langword="null"/> when there is no such batch.</returns>
    /// <exception cref="JobStoreException">The store did not answer.</exception>
    ValueTask<JobBatchHandle?> FindBatchAsync(Guid id, CancellationToken cancellationToken = default);

    /// <summary>Reads how a job stands.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>What the store knows; <see langword="null"/> when there is no such job.</returns>
    /// <exception cref="JobStoreException">The store did not answer.</exception>
    ValueTask<JobInfo?> GetAsync(Guid id, CancellationToken cancellationToken = default);

    /// <summary>Finds the handle of a stored job.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>The handle; <see langword="null"/> when there is no such job.</returns>
    /// <exception cref="JobStoreException">The store did not answer.</exception>
    ValueTask<JobHandle?> FindAsync(Guid id, CancellationToken cancellationToken = default);

    /// <summary>Lists jobs, the newest first.</summary>
    /// <param name="filter">Which ones.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>A page of them, without their arguments and results.</returns>
    /// <exception cref="ArgumentException">The filter is out of its range.</exception>
    /// <exception cref="JobStoreException">The store did not answer.</exception>
    ValueTask<JobPage> ListAsync(JobFilter? filter = null, CancellationToken cancellationToken = default);

    /// <summary>Counts jobs by state.</summary>
    /// <param name="filter">Which ones; its page is of no account.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>How many there are in each state that has any.</returns>
    /// <exception cref="ArgumentException">The filter is out of its range.</exception>
    /// <exception cref="JobStoreException">The store did not answer.</exception>
    ValueTask<IReadOnlyDictionary<JobState, long>> CountAsync(JobFilter? filter = null, CancellationToken cancellationToken = default);

    /// <summary>Cancels a job: one that waits never starts, one that runs has its token cancelled, on whichever machine.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="reason">Why, for logs and status pages; at most 1,000 characters are kept.</param>
    /// <param name="cancellationToken">Cancels the asking.</param>
    /// <returns>What came of it.</returns>
    /// <exception cref="JobStoreException">The store did not answer.</exception>
    ValueTask<JobCancellation> CancelAsync(Guid id, string? reason = null, CancellationToken cancellationToken = default);

    /// <summary>Cancels jobs that are not over: those that wait never start, those that run have their tokens cancelled, on whichever machine.</summary>
    /// <param name="filter">Which ones. An empty one means all.</param>
    /// <param name="reason">Why, for logs and status pages; at most 1,000 characters are kept.</param>
    /// <param name="cancellationToken">Cancels the asking.</param>
    /// <returns>How many there were.</returns>
    /// <exception cref="ArgumentException">The filter is out of its range.</exception>
    /// <exception cref="JobStoreException">The store did not answer.</exception>
    ValueTask<long> CancelAsync(JobFilter filter, string? reason = null, CancellationToken cancellationToken = default);

    /// <summary>Queues failed, parked and cancelled jobs again, with all of their attempts.</summary>
    /// <param name="filter">Which ones; those in other states stay as they are.</param>
    /// <param name="cancellationToken">Cancels the asking.</param>
    /// <returns>How many there were.</returns>
    /// <exception cref="ArgumentException">The filter is out of its range.</exception>
    /// <exception cref="JobStoreException">The store did not answer.</exception>
    ValueTask<long> RetryAsync(JobFilter filter, CancellationToken cancellationToken = default);

    /// <summary>Deletes jobs for good. Those that run stay.</summary>
    /// <param name="filter">Which ones.</param>
    /// <param name="cancellationToken">Cancels the asking.</param>
    /// <returns>How many there were.</returns>
    /// <exception cref="ArgumentException">The filter is out of its range.</exception>
    /// <exception cref="JobStoreException">The store did not answer.</exception>
    ValueTask<long> DiscardAsync(JobFilter filter, CancellationToken cancellationToken = default);

    /// <summary>Keeps jobs of a queue or of a kind from starting, on all machines. Those that run go on.</summary>
    /// <param name="pause">What is paused, why, and until when. A pause of the same thing is replaced.</param>
    /// <param name="cancellationToken">Cancels the asking.</param>
    /// <returns>A task.</returns>
    /// <exception cref="ArgumentException">The pause names nothing.</exception>
    /// <exception cref="JobStoreException">The store did not answer.</exception>
    ValueTask PauseAsync(JobPause pause, CancellationToken cancellationToken = default);

    /// <summary>Ends a pause.</summary>
    /// <param name="scope">What kind of thing was paused.</param>
    /// <param name="key">Its name.</param>
    /// <param name="cancellationToken">Cancels the asking.</param>
    /// <returns><see langword="false"/> when it was not paused.</returns>
    /// <exception cref="JobStoreException">The store did not answer.</exception>
    ValueTask<bool> ResumeAsync(JobPauseScope scope, string key, CancellationToken cancellationToken = default);

    /// <summary>Lists what is paused.</summary>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>The pauses in force.</returns>
    /// <exception cref="JobStoreException">The store did not answer.</exception>
    ValueTask<IReadOnlyList<JobPause>> ListPausesAsync(CancellationToken cancellationToken = default);
}
