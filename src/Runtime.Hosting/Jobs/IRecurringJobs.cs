namespace Runtime.Hosting;

/// <summary>Jobs that are stored again and again, by a cron expression. Inject it anywhere; a singleton.</summary>
/// <remarks>
/// Thread safe. On any number of machines each due time has one run. Expressions have five fields (minute hour day month weekday), or six to seven as Quartz has them; Quartz reads them.
/// A time that daylight saving leaves out runs at the first moment after the gap; a fixed time that it brings twice runs once.
/// </remarks>
public interface IRecurringJobs
{
    /// <summary>Adds a recurring job, or changes the one of that name. Its next time stays unless expression or zone have changed.</summary>
    /// <typeparam name="TJob">The kind of job that is stored.</typeparam>
    /// <typeparam name="TArgs">Its arguments.</typeparam>
    /// <param name="name">The name; 1 to 100 of the characters <c>a-z A-Z 0-9 . _ - :</c>.</param>
    /// <param name="cron">When, e.g. <c>0 3 * * *</c>.</param>
    /// <param name="args">The arguments of each run.</param>
    /// <param name="timeZone">Where that is; by default UTC.</param>
    /// <param name="missedRuns">What happens to times that pass while no process runs.</param>
    /// <param name="options">How each run is stored and run; its delay is of no account.</param>
    /// <param name="cancellationToken">Cancels the asking.</param>
    /// <returns>A task.</returns>
    /// <exception cref="ArgumentException">A name, expression or option is out of its range.</exception>
    /// <exception cref="InvalidOperationException">The kind of job is not registered.</exception>
    /// <exception cref="JobStoreException">The store did not answer.</exception>
    ValueTask PutAsync<TJob, TArgs>(
        string name, string cron, TArgs args, TimeZoneInfo? timeZone = null, MissedRuns missedRuns = MissedRuns.Once, JobOptions? options = null, CancellationToken cancellationToken = default)
        where TJob : IJob<TArgs>;

    /// <summary>Removes a recurring job. Runs that are stored stay.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cancellationToken">Cancels the asking.</param>
    /// <returns><see langword="false"/> when there was none.</returns>
    /// <exception cref="JobStoreException">The store did not answer.</exception>
    ValueTask<bool> RemoveAsync(string name, CancellationToken cancellationToken = default);

    /// <summary>Stores one run now, beside the due ones.</summary>
    /// <param name="name">The recurring job.</param>
    /// <param name="cancellationToken">Cancels the asking.</param>
    /// <returns>The run; <see langword="null"/> when there is no such recurring job.</returns>
    /// <exception cref="JobStoreException">The store did not answer.</exception>
    ValueTask<JobHandle?> TriggerAsync(string name, CancellationToken cancellationToken = default);

    /// <summary>Lists recurring jobs by name. Pause and resume them through <see cref="IJobClient.PauseAsync"/>.</summary>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>All of them.</returns>
    /// <exception cref="JobStoreException">The store did not answer.</exception>
    ValueTask<IReadOnlyList<RecurringJobInfo>> ListAsync(CancellationToken cancellationToken = default);

    /// <summary>Says when an expression is due, before anything is stored.</summary>
    /// <param name="cron">The expression.</param>
    /// <param name="timeZone">Where; by default UTC.</param>
    /// <param name="count">How many times to list; 1 to 1,000.</param>
    /// <returns>The next times, in UTC.</returns>
    /// <exception cref="ArgumentException">The expression cannot be read, or <paramref name="count"/> is out of its range.</exception>
    IReadOnlyList<DateTimeOffset> Preview(string cron, TimeZoneInfo? timeZone = null, int count = 10);
}

/// <summary>What the store knows of a recurring job.</summary>
/// <param name="Name">Its name.</param>
/// <param name="JobName">The name of the kind of job that it stores.</param>
/// <param name="Cron">When.</param>
/// <param name="TimeZone">The id of the time zone.</param>
/// <param name="MissedRuns">What happens to missed runs.</param>
/// <param name="Next">The next due time; <see langword="null"/>: never.</param>
/// <param name="Last">The last due time that was fired.</param>
/// <param name="Pause">Its pause, if it is paused.</param>
public sealed record RecurringJobInfo(string Name, string JobName, string Cron, string TimeZone, MissedRuns MissedRuns, DateTimeOffset? Next, DateTimeOffset? Last, JobPause? Pause);
