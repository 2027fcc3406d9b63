using Microsoft.Extensions.Logging;

namespace Runtime.Hosting.Jobs;

/// <summary>How the engine ends, and how it forgets.</summary>
internal sealed partial class JobEngine
{
    // What is over is deleted in small transactions, so that enqueues do not wait behind a large one.
    private const int MostPurgedAtOnce = 500;

    // After each such transaction the store is left to others for so many times as long: a backlog of millions takes a fifth of it, not all.
    private const double RestPerPurge = 4;
    private static readonly TimeSpan PurgeInterval = TimeSpan.FromMinutes(10);

    // A store that does not take the last ends within this time keeps them as they were: those jobs run again.
    private static readonly TimeSpan LastWrite = TimeSpan.FromSeconds(2);

    private readonly TaskCompletionSource _stop = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Claims no more, lets what runs run, then cancels it, and hands back whatever has not ended. Called once, after <see cref="StartAsync"/> or without it.</summary>
    /// <param name="drain">How long what runs may run.</param>
    /// <param name="cancel">How long it may take to end once it is cancelled.</param>
    /// <param name="hurry">Ends both at once.</param>
    public async Task StopAsync(TimeSpan drain, TimeSpan cancel, CancellationToken hurry)
    {
        if (!_isStarted)
        {
            return;
        }

        _isStopping = true;
        _stop.TrySetResult();
        _work.Set();
        _recurring.Stop();
        await WaitAsync(drain, hurry);
        var cut = _running.Count;
        foreach (var run in _running.Values)
        {
            run.Cancel(RunCancellation.Stopping, "The process stopped.");
        }

        await WaitAsync(cancel, hurry);
        var stuck = HandBack();
        _writer.Stop();
        _giveUp.CancelAfter(LastWrite);
        await _loops.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (cut > 0 || stuck > 0 || _writer.Unwritten > 0)
        {
            LogStopped(cut, stuck, _writer.Unwritten);
        }

        _waiters.Close();
        await _store.DisposeAsync();
    }

    // Runs that ignore their token: the job is queued again now, and whatever the run still says is refused.
    private int HandBack()
    {
        var stuck = 0;
        foreach (var run in _running.Values)
        {
            if (run.TryEnd())
            {
                stuck++;
                _writer.Add(new JobEnding(run.Claimed.Lease, JobEndingKind.Interrupted, "The process stopped, and the job did not."));
            }
        }

        return stuck;
    }

    private async Task WaitAsync(TimeSpan atMost, CancellationToken hurry)
    {
        var idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _idle, idle);
        if (!_running.IsEmpty)
        {
            await idle.Task.WaitAsync(atMost, TimeProvider.System, hurry).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async ValueTask PurgeAsync()
    {
        while (!_isStopping)
        {
            try
            {
                var began = _runtime.TimeProvider.GetTimestamp();
                while (!_isStopping && await _store.PurgeAsync(_options.CurrentValue.Jobs.Retention, MostPurgedAtOnce, CancellationToken.None) >= MostPurgedAtOnce)
                {
                    await RestAsync(_runtime.TimeProvider.GetElapsedTime(began) * RestPerPurge);
                    began = _runtime.TimeProvider.GetTimestamp();
                }
            }
            catch (Exception exception)
            {
                _metrics.StoreFailed();
                _trouble.Report(exception, "delete jobs whose retention has passed");
            }

            await RestAsync(PurgeInterval);
        }
    }

    private async ValueTask RestAsync(TimeSpan time) =>
        await _stop.Task.WaitAsync(time, _runtime.TimeProvider).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);

    [LoggerMessage(EventIds.JobsOpened, LogLevel.Information, "Durable jobs are kept in {Store}; {Kinds} names of jobs are known.", EventName = nameof(EventIds.JobsOpened))]
    private partial void LogOpened(string store, int kinds);

    [LoggerMessage(EventIds.JobsForget, LogLevel.Warning, "Durable jobs are kept in memory and forgotten when the process ends. Keep them in a file or a database: UseSqlite(…) or UsePostgreSql(…).", EventName = nameof(EventIds.JobsForget))]
    private partial void LogForgets();

    [LoggerMessage(EventIds.JobFenced, LogLevel.Warning, "The end ({Kind}) of a run of job {JobId} was refused: the job has been claimed again since lease {Lease}.", EventName = nameof(EventIds.JobFenced))]
    private partial void LogFenced(Guid jobId, JobEndingKind kind, long lease);

    [LoggerMessage(EventIds.JobsCut, LogLevel.Warning, "The stop cut {Cut} durable jobs short; they are queued again and no attempt was spent. {Stuck} of them ignored their token. {Unwritten} ends could not be written; those jobs run again.", EventName = nameof(EventIds.JobsCut))]
    private partial void LogStopped(int cut, int stuck, int unwritten);
}
