namespace Runtime.Hosting.Jobs;

/// <summary>What is asked of, and changed in, stored jobs.</summary>
internal sealed partial class JobClient
{
    // A restart of a database, or its failover, is over by then; what lasts longer is said to the one who waits.
    private static readonly TimeSpan LongestFault = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan ShortestRest = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(2);

    public ValueTask<JobInfo?> GetAsync(Guid id, CancellationToken cancellationToken = default) => store.GetAsync(id, cancellationToken);

    public async ValueTask<JobHandle?> FindAsync(Guid id, CancellationToken cancellationToken = default) =>
        await store.GetAsync(id, cancellationToken) is { } job ? new JobHandle(this, job.Id, job.Name, isDuplicate: false) : null;

    public ValueTask<JobPage> ListAsync(JobFilter? filter = null, CancellationToken cancellationToken = default) => store.ListAsync(Checked(filter ?? new()), cancellationToken);

    public ValueTask<IReadOnlyDictionary<JobState, long>> CountAsync(JobFilter? filter = null, CancellationToken cancellationToken = default) => store.CountAsync(Checked(filter ?? new()), cancellationToken);

    public ValueTask<JobCancellation> CancelAsync(Guid id, string? reason = null, CancellationToken cancellationToken = default) => store.CancelAsync(id, Short(reason), cancellationToken);

    public ValueTask<long> CancelAsync(JobFilter filter, string? reason = null, CancellationToken cancellationToken = default) => store.CancelAsync(Checked(filter), Short(reason), cancellationToken);

    public ValueTask<long> RetryAsync(JobFilter filter, CancellationToken cancellationToken = default) => store.RetryAsync(Checked(filter), cancellationToken);

    public ValueTask<long> DiscardAsync(JobFilter filter, CancellationToken cancellationToken = default) => store.DiscardAsync(Checked(filter), cancellationToken);

    public ValueTask PauseAsync(JobPause pause, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(pause);
        JobRules.CheckWord(pause.Key, JobRules.LongestName, nameof(pause.Key));
        if (pause.Until is { Year: < 2000 or >= 9000 } until)
        {
            throw new ArgumentException($"{nameof(pause.Until)} is {until:O}; it must be in the years 2000 to 8999. Leave it out for a pause that somebody has to end.", nameof(pause));
        }

        return Enum.IsDefined(pause.Scope)
            ? store.PauseAsync(pause with { Reason = Short(pause.Reason) }, cancellationToken)
            : throw new ArgumentException($"{nameof(pause.Scope)} is {pause.Scope}; it must be one of the names of {nameof(JobPauseScope)}.", nameof(pause));
    }

    public ValueTask<bool> ResumeAsync(JobPauseScope scope, string key, CancellationToken cancellationToken = default) => store.ResumeAsync(scope, key, cancellationToken);

    public ValueTask<IReadOnlyList<JobPause>> ListPausesAsync(CancellationToken cancellationToken = default) => store.ListPausesAsync(cancellationToken);

    /// <summary>Waits for the end of a job, however it ends. A fault of the store that passes within <see cref="LongestFault"/> is waited out.</summary>
    public async Task<JobInfo> WaitAsync(Guid id, CancellationToken cancellationToken)
    {
        waiters.Enter(id);
        try
        {
            var isWatched = false;
            long? failedSince = null;
            for (var rest = ShortestRest; ;)
            {
                var signal = waiters.NextSignal(id); // before the reading: an end after it is signalled, one before it is read
                try
                {
                    if (!isWatched)
                    {
                        await store.WatchAsync(id, cancellationToken);
                        isWatched = true;
                    }

                    var job = await store.GetAsync(id, cancellationToken) ?? throw new JobNotFoundException(id);
                    if (job.IsOver || job.State == JobState.Parked)
                    {
                        return job;
                    }

                    (failedSince, rest) = (null, ShortestRest);
                }
                catch (JobStoreException exception) when (exception.IsTransient && clock.GetElapsedTime(failedSince ??= clock.GetTimestamp()) < LongestFault)
                {
                    // Ends early by a signal, and by the close of the process, whose signal is a fault and stays.
                    await signal.WaitAsync(rest, clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
                    if (signal.IsFaulted)
                    {
                        await signal;
                    }

                    rest = Longer(rest);
                    continue;
                }

                await signal.WaitAsync(cancellationToken);
            }
        }
        finally
        {
            waiters.Leave(id);
        }
    }

    /// <summary>Waits for the end of a batch, with the same patience.</summary>
    public async Task<JobBatchStatus> WaitBatchAsync(Guid id, CancellationToken cancellationToken)
    {
        await WaitAsync(id, cancellationToken);
        var began = clock.GetTimestamp();
        for (var rest = ShortestRest; ; rest = Longer(rest))
        {
            try
            {
                return await GetBatchAsync(id, cancellationToken) ?? throw new JobNotFoundException(id);
            }
            catch (JobStoreException exception) when (exception.IsTransient && clock.GetElapsedTime(began) < LongestFault)
            {
                await Task.Delay(rest, clock, cancellationToken);
            }
        }
    }

    private static TimeSpan Longer(TimeSpan rest) => TimeSpan.FromTicks(Math.Min(rest.Ticks * 2, LongestRest.Ticks));

    /// <summary>Waits for the success of a job.</summary>
    public async Task<JobInfo> WaitForSuccessAsync(Guid id, CancellationToken cancellationToken)
    {
        var job = await WaitAsync(id, cancellationToken);
        return job.State switch
        {
            JobState.Succeeded => job,
            JobState.Cancelled => throw new OperationCanceledException($"The job {id} ('{job.Name}') was cancelled. {job.Reason}".TrimEnd()),
            _ => throw new JobFailedException(job),
        };
    }

    private JobFilter Checked(JobFilter filter)
    {
        JobRules.Check(filter, store.Cells);
        return filter;
    }
}
