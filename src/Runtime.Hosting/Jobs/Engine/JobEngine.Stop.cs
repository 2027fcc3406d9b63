using Microsoft.Extensions.Logging;

namespace Runtime.Hosting.Jobs;

/// <summary>How the engine ends.</summary>
internal sealed partial class JobEngine
{
    // A store that does not take the last ends within this time keeps them as they were: those jobs run again.
    private static readonly TimeSpan LastWrite = TimeSpan.FromSeconds(2);

    // One that has much to bring in order may need seconds.
    private static readonly TimeSpan LongestClose = TimeSpan.FromSeconds(5);

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
        await _stopping.CancelAsync();
        foreach (var part in _parts)
        {
            part.StopClaiming();
        }

        await _running.WaitForIdleAsync(drain, hurry);
        var cut = _running.Count;
        foreach (var run in _running.All)
        {
            run.Cancel(RunCancellation.Stopping, "The process stopped.");
        }

        await _running.WaitForIdleAsync(cancel, hurry);
        var stuck = HandBack();
        foreach (var part in _parts)
        {
            part.StopWriting();
        }

        _giveUp.CancelAfter(LastWrite);
        await _loops.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (cut > 0 || stuck > 0 || Unwritten > 0)
        {
            LogStopped(cut, stuck, Unwritten);
        }

        _waiters.Close();
        var closing = _store.DisposeAsync().AsTask();
        await closing.WaitAsync(LongestClose, TimeProvider.System, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (closing.IsCompleted)
        {
            await closing; // for what it threw
        }

        // A store that hangs does not hang the stop: others take over what it has, as after a crash.
        if (!closing.IsCompleted || Array.Exists(_parts, static part => part.IsHanging))
        {
            LogStoreLeft();
        }
    }

    // Runs that ignore their token: the job is queued again now, and whatever the run still says is refused.
    private int HandBack()
    {
        var stuck = 0;
        foreach (var run in _running.All)
        {
            if (run.TryEnd())
            {
                stuck++;
                run.Part.Write(new JobEnding(run.Claimed.Lease, JobEndingKind.Interrupted, "The process stopped, and the job did not."));
            }
        }

        return stuck;
    }

    [LoggerMessage(EventIds.JobsOpened, LogLevel.Information, "Durable jobs are kept in {Store}; {Kinds} names of jobs are known.", EventName = nameof(EventIds.JobsOpened))]
    private partial void LogOpened(string store, int kinds);

    [LoggerMessage(EventIds.JobsForget, LogLevel.Warning, "Durable jobs are kept in memory and forgotten when the process ends. Keep them in a file or a database: UseSqlite(…) or UsePostgreSql(…).", EventName = nameof(EventIds.JobsForget))]
    private partial void LogForgets();

    [LoggerMessage(EventIds.JobFenced, LogLevel.Warning, "The end ({Kind}) of a run of job {JobId} was refused: the job has been claimed again since lease {Lease}.", EventName = nameof(EventIds.JobFenced))]
    private partial void LogFenced(Guid jobId, JobEndingKind kind, long lease);

    [LoggerMessage(EventIds.JobStoreLeft, LogLevel.Warning, "The job store did not answer in time at the stop and was left as it is. What it has of this process is taken back as after a crash.", EventName = nameof(EventIds.JobStoreLeft))]
    private partial void LogStoreLeft();

    [LoggerMessage(EventIds.JobsCut, LogLevel.Warning, "The stop cut {Cut} durable jobs short; they are queued again and no attempt was spent. {Stuck} of them ignored their token. {Unwritten} ends could not be written; those jobs run again.", EventName = nameof(EventIds.JobsCut))]
    private partial void LogStopped(int cut, int stuck, int unwritten);
}
