using System.Data.Common;

namespace Runtime.Hosting.Jobs;

/// <summary>Where durable jobs are kept. What the job engine and the client need of a store, and all that they need; one suite of tests holds every implementation to it.</summary>
/// <remarks>
/// <para>Thread safe: any member may be called at any time between <see cref="OpenAsync"/> and <see cref="IAsyncDisposable.DisposeAsync"/>, which may be called twice.</para>
/// <para>Each call is one transaction: all of it happens or none. A call that returns has happened for good, as far as the store promises that at all; a call that throws a
/// <see cref="JobStoreException"/> has not happened, unless the connection was lost while it committed. All calls can be repeated: an enqueue by its id, an ending by its lease.</para>
/// <para>The store's clock counts: times are made by it from the durations that it is given, so that machines whose clocks differ agree.</para>
/// <para>Every write for a running job carries the lease of its claim. When the job has been claimed again since, the write is refused and changes nothing: the fence.</para>
/// </remarks>
public interface IJobStore : IAsyncDisposable
{
    /// <summary>Gets the name of the kind of store, for health, metrics and logs, e.g. <c>sqlite</c>.</summary>
    string Kind { get; }

    /// <summary>Gets whether jobs outlive the process.</summary>
    bool IsDurable { get; }

    /// <summary>Gets the stores that this one spreads its jobs over, in order of their numbers; <see langword="null"/>: it is one. The engine opens and serves each by itself.</summary>
    IReadOnlyList<JobCell>? Cells => null;

    /// <summary>Makes the id of a new job. A store of several cells lets it say where the job is.</summary>
    /// <param name="now">The time.</param>
    /// <param name="shardBy">The job's <see cref="JobOptions.ShardBy"/>.</param>
    /// <param name="beside">Without that: a job in whose cell this one is to be, since it waits for it or belongs to it.</param>
    /// <returns>An id of version 7.</returns>
    Guid NewId(DateTimeOffset now, string? shardBy, Guid? beside) => Guid.CreateVersion7(now);

    /// <summary>Makes the store ready for a node: checks it, brings its schema up to date, and takes back what earlier lives of the node left running. Called once.</summary>
    /// <param name="node">The node.</param>
    /// <param name="listener">Told of what happens in the store. It never blocks and never throws.</param>
    /// <param name="cancellationToken">Cancels the opening.</param>
    /// <returns>A task.</returns>
    /// <exception cref="JobStoreException">The store cannot be used.</exception>
    ValueTask OpenAsync(JobNode node, IJobStoreListener listener, CancellationToken cancellationToken);

    /// <summary>Stores new jobs. One whose id is already there is left as it is and acknowledged.</summary>
    /// <param name="jobs">The jobs.</param>
    /// <param name="transaction">The caller's transaction on the same database; <see langword="null"/> for one of the store's own.</param>
    /// <param name="cancellationToken">Cancels the waiting; the jobs may then be stored all the same.</param>
    /// <returns>A receipt for each, in order.</returns>
    /// <exception cref="NotSupportedException">The store cannot join this transaction.</exception>
    ValueTask<IReadOnlyList<JobReceipt>> EnqueueAsync(IReadOnlyList<NewJob> jobs, DbTransaction? transaction, CancellationToken cancellationToken);

    /// <summary>Takes jobs that are due, in order of priority, deadline and age, and marks them as running on the node.</summary>
    /// <param name="request">How many, of what.</param>
    /// <param name="cancellationToken">Cancels the waiting.</param>
    /// <returns>The jobs, and when to ask again.</returns>
    ValueTask<JobClaims> ClaimAsync(JobClaimRequest request, CancellationToken cancellationToken);

    /// <summary>Writes how runs ended, and releases what waited for those ends.</summary>
    /// <param name="endings">The ends.</param>
    /// <param name="cancellationToken">Cancels the waiting.</param>
    /// <returns>For each, in order, whether it was written; <see langword="false"/>: its lease was no longer the job's.</returns>
    ValueTask<IReadOnlyList<bool>> EndAsync(IReadOnlyList<JobEnding> endings, CancellationToken cancellationToken);

    /// <summary>Writes what running jobs say of their progress. Those whose lease is no longer the job's are left out.</summary>
    /// <param name="reports">The latest report of each job.</param>
    /// <param name="cancellationToken">Cancels the waiting.</param>
    /// <returns>A task.</returns>
    ValueTask ReportAsync(IReadOnlyList<JobReport> reports, CancellationToken cancellationToken);

    /// <summary>Reads a job.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>The job with its arguments and result, or <see langword="null"/>.</returns>
    ValueTask<JobInfo?> GetAsync(Guid id, CancellationToken cancellationToken);

    /// <summary>Says that this process waits for the end of a job, so that the process that ends it tells. Called before the job is read for the first time.</summary>
    /// <param name="id">The job.</param>
    /// <param name="cancellationToken">Cancels the waiting.</param>
    /// <returns>A task; completed at once by a store that only this process uses.</returns>
    ValueTask WatchAsync(Guid id, CancellationToken cancellationToken);

    /// <summary>Lists jobs, the newest first, without their arguments and results.</summary>
    /// <param name="filter">Which ones; checked by the caller.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>A page.</returns>
    ValueTask<JobPage> ListAsync(JobFilter filter, CancellationToken cancellationToken);

    /// <summary>Counts jobs by state.</summary>
    /// <param name="filter">Which ones.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>The states that have any.</returns>
    ValueTask<IReadOnlyDictionary<JobState, long>> CountAsync(JobFilter filter, CancellationToken cancellationToken);

    /// <summary>Cancels a job, or asks the node that runs it to.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="reason">Why.</param>
    /// <param name="cancellationToken">Cancels the waiting.</param>
    /// <returns>What came of it.</returns>
    ValueTask<JobCancellation> CancelAsync(Guid id, string? reason, CancellationToken cancellationToken);

    /// <summary>Cancels jobs that are not over, or asks the nodes that run them to.</summary>
    /// <param name="filter">Which ones; checked by the caller.</param>
    /// <param name="reason">Why.</param>
    /// <param name="cancellationToken">Cancels the waiting.</param>
    /// <returns>How many never start, or were asked to stop; not those that ended because another one was cancelled.</returns>
    ValueTask<long> CancelAsync(JobFilter filter, string? reason, CancellationToken cancellationToken);

    /// <summary>Queues failed, parked and cancelled jobs again, with no attempts and no crashes spent; not those that only mark the end of a batch. A batch that still waits waits for them again; a job whose unique key another one has taken meanwhile stays as it is.</summary>
    /// <param name="filter">Which ones.</param>
    /// <param name="cancellationToken">Cancels the waiting.</param>
    /// <returns>How many there were.</returns>
    ValueTask<long> RetryAsync(JobFilter filter, CancellationToken cancellationToken);

    /// <summary>Deletes jobs that do not run. What waited for the end of one is released as after a cancellation.</summary>
    /// <param name="filter">Which ones.</param>
    /// <param name="cancellationToken">Cancels the waiting.</param>
    /// <returns>How many there were.</returns>
    ValueTask<long> DiscardAsync(JobFilter filter, CancellationToken cancellationToken);

    /// <summary>Deletes jobs that succeeded, failed or were cancelled longer ago than a time.</summary>
    /// <param name="retention">How long they are kept.</param>
    /// <param name="atMost">How many to delete in this call.</param>
    /// <param name="cancellationToken">Cancels the waiting.</param>
    /// <returns>How many there were; as many as <paramref name="atMost"/>: ask again.</returns>
    ValueTask<int> PurgeAsync(TimeSpan retention, int atMost, CancellationToken cancellationToken);

    /// <summary>Pauses something; a pause of the same thing is replaced.</summary>
    /// <param name="pause">The pause.</param>
    /// <param name="cancellationToken">Cancels the waiting.</param>
    /// <returns>A task.</returns>
    ValueTask PauseAsync(JobPause pause, CancellationToken cancellationToken);

    /// <summary>Ends a pause and releases what it held.</summary>
    /// <param name="scope">What kind of thing was paused.</param>
    /// <param name="key">Its name.</param>
    /// <param name="cancellationToken">Cancels the waiting.</param>
    /// <returns><see langword="false"/> when it was not paused.</returns>
    ValueTask<bool> ResumeAsync(JobPauseScope scope, string key, CancellationToken cancellationToken);

    /// <summary>Lists the pauses in force.</summary>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>The pauses.</returns>
    ValueTask<IReadOnlyList<JobPause>> ListPausesAsync(CancellationToken cancellationToken);

    /// <summary>Writes a recurring job. One of the same name is replaced; its next time stays when expression and zone have not changed.</summary>
    /// <param name="schedule">The recurring job.</param>
    /// <param name="cancellationToken">Cancels the waiting.</param>
    /// <returns>A task.</returns>
    ValueTask PutScheduleAsync(JobSchedule schedule, CancellationToken cancellationToken);

    /// <summary>Deletes a recurring job. Its runs stay.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cancellationToken">Cancels the waiting.</param>
    /// <returns><see langword="false"/> when there was none.</returns>
    ValueTask<bool> RemoveScheduleAsync(string name, CancellationToken cancellationToken);

    /// <summary>Lists recurring jobs.</summary>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>All of them, by name.</returns>
    ValueTask<IReadOnlyList<JobSchedule>> ListSchedulesAsync(CancellationToken cancellationToken);

    /// <summary>Stores the runs of a recurring job that are due and moves it on, all at once, unless another node has done it.</summary>
    /// <param name="name">The recurring job.</param>
    /// <param name="seen">The next time that the caller has read.</param>
    /// <param name="next">The next time after this; <see langword="null"/>: never again.</param>
    /// <param name="runs">The due times, each with its job. A due time that already has a run is left out.</param>
    /// <param name="cancellationToken">Cancels the waiting.</param>
    /// <returns><see langword="false"/> when the recurring job's next time is no longer <paramref name="seen"/>; nothing has been stored then.</returns>
    ValueTask<bool> FireAsync(string name, DateTimeOffset seen, DateTimeOffset? next, IReadOnlyList<JobRun> runs, CancellationToken cancellationToken);

    /// <summary>Reads what time the store has.</summary>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>The time by which jobs are due.</returns>
    ValueTask<DateTimeOffset> GetTimeAsync(CancellationToken cancellationToken);
}
