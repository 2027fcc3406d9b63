using Microsoft.Extensions.Logging;

namespace Runtime.Hosting.Jobs;

/// <summary>Stores a job whenever a recurring one is due.</summary>
/// <remarks>
/// Each node has one such loop and none of them is a leader: whoever is first moves the recurring job on, by a comparison of its next time within the transaction that stores the run, and a
/// unique row for each due time stands behind that. Between due times the loop sleeps; it wakes when something was changed.
/// </remarks>
internal sealed partial class RecurringJobs(IJobStore store, Func<DateTimeOffset, Guid> newId, JobMetrics metrics, StoreTrouble trouble, TimeProvider clock, ILogger<RecurringJobs> logger)
{
    /// <summary>How many missed runs are made up for at most.</summary>
    public const int MostMissed = 1000;

    // Times of the store and of this process may differ, and clocks get set: look at least this often.
    private static readonly TimeSpan LongestSleep = TimeSpan.FromMinutes(1);

    // What is later than this was missed, not just late.
    private static readonly TimeSpan Lateness = TimeSpan.FromMinutes(1);

    private readonly Pulse _pulse = new(clock);
    private volatile bool _isStopping;

    /// <summary>Looks again: something has changed.</summary>
    public void Look() => _pulse.Set();

    public void Stop()
    {
        _isStopping = true;
        _pulse.Set();
    }

    public async ValueTask RunAsync()
    {
        var failures = 0;
        while (!_isStopping)
        {
            TimeSpan? sleep;
            try
            {
                sleep = await FireDueAsync();
                failures = 0;
            }
            catch (Exception exception)
            {
                metrics.StoreFailed();
                trouble.Report(exception, "fire recurring jobs");
                sleep = StoreTrouble.Backoff(failures++);
            }

            await _pulse.WaitAsync(sleep);
        }
    }

    /// <summary>Fires what is due and says how long nothing is; <see langword="null"/>: there is nothing to fire.</summary>
    private async ValueTask<TimeSpan?> FireDueAsync()
    {
        var schedules = await store.ListSchedulesAsync(CancellationToken.None);
        if (schedules.All(static schedule => schedule.Next is null))
        {
            return null;
        }

        var now = await store.GetTimeAsync(CancellationToken.None);
        var pauses = await store.ListPausesAsync(CancellationToken.None);
        DateTimeOffset? earliest = null;
        foreach (var schedule in schedules)
        {
            var pause = pauses.FirstOrDefault(pause => pause.Scope == JobPauseScope.Schedule && pause.Key == schedule.Name);
            var next = pause is null && schedule.Next <= now ? await FireAsync(schedule, now) : schedule.Next;
            if (pause is not null && next <= now)
            {
                next = pause.Until; // it is due since long; when the pause ends, what was missed is dealt with
            }

            earliest = earliest is null || next < earliest ? next ?? earliest : earliest;
        }

        return earliest is { } time && time - now < LongestSleep ? time - now : LongestSleep;
    }

    private async ValueTask<DateTimeOffset?> FireAsync(JobSchedule schedule, DateTimeOffset now)
    {
        var due = schedule.Next!.Value;
        CronSchedule cron;
        try
        {
            cron = CronSchedule.Parse(schedule.Cron, TimeZoneInfo.FindSystemTimeZoneById(schedule.TimeZone));
        }
        catch (Exception exception) when (exception is ArgumentException or TimeZoneNotFoundException or InvalidTimeZoneException)
        {
            LogUnreadable(schedule.Name, exception);
            return null;
        }

        var times = cron.Between(due - TimeSpan.FromTicks(1), now, schedule.MissedRuns == MissedRuns.Once ? 1 : MostMissed);
        var next = cron.NextAfter(now);
        var runs = Chosen(times, now, schedule.MissedRuns)
            .Select(time => new JobRun(time, schedule.Template with { Id = newId(now), Schedule = schedule.Name, RunAt = time }));
        await store.FireAsync(schedule.Name, due, next, [.. runs], CancellationToken.None);
        return next;
    }

    /// <summary>Which of the due times that have passed are run: those that are only late always are.</summary>
    internal static IEnumerable<DateTimeOffset> Chosen(IReadOnlyList<DateTimeOffset> times, DateTimeOffset now, MissedRuns policy) => policy switch
    {
        MissedRuns.All => times,
        MissedRuns.Skip => times.Where(time => now - time <= Lateness),
        _ => times.TakeLast(1),
    };

    [LoggerMessage(EventIds.ScheduleUnreadable, LogLevel.Error, "The recurring job '{Name}' cannot be fired: its expression or time zone is not known here.", EventName = nameof(EventIds.ScheduleUnreadable))]
    private partial void LogUnreadable(string name, Exception exception);
}
