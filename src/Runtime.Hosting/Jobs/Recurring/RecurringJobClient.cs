using Microsoft.Extensions.Logging;

namespace Runtime.Hosting.Jobs;

/// <summary>Adds, lists and removes recurring jobs.</summary>
internal sealed partial class RecurringJobClient(IJobStore store, JobClient client, TimeProvider clock, ILogger<RecurringJobClient> logger) : IRecurringJobs
{
    private const int MostPreviewed = 1000;

    public ValueTask PutAsync<TJob, TArgs>(
        string name, string cron, TArgs args, TimeZoneInfo? timeZone = null, MissedRuns missedRuns = MissedRuns.Once, JobOptions? options = null, CancellationToken cancellationToken = default)
        where TJob : IJob<TArgs> => PutAsync(name, cron, client.Make<TJob, TArgs>(args, options), timeZone, missedRuns, cancellationToken);

    /// <summary>The same for a job whose arguments mean something as an empty JSON object.</summary>
    public ValueTask PutAsync(Type job, string name, string cron, TimeZoneInfo? timeZone, MissedRuns missedRuns, JobOptions? options, CancellationToken cancellationToken) =>
        PutAsync(name, cron, client.MakeWithoutArguments(job, options), timeZone, missedRuns, cancellationToken);

    private async ValueTask PutAsync(string name, string cron, NewJob template, TimeZoneInfo? timeZone, MissedRuns missedRuns, CancellationToken cancellationToken)
    {
        if (JobRules.ProblemOfName(name) is { } problem)
        {
            throw new ArgumentException(problem, nameof(name));
        }

        if (!Enum.IsDefined(missedRuns))
        {
            throw new ArgumentException($"{nameof(missedRuns)} is {missedRuns}; it must be one of the names of {nameof(MissedRuns)}.", nameof(missedRuns));
        }

        var zone = timeZone ?? TimeZoneInfo.Utc;
        if (ProblemOf(zone) is { } unknown)
        {
            throw new ArgumentException(unknown, nameof(timeZone));
        }

        var schedule = CronSchedule.Parse(cron, zone);
        var next = schedule.NextAfter(await store.GetTimeAsync(cancellationToken));
        if (next is null)
        {
            LogNeverDue(name, cron);
        }

        await store.PutScheduleAsync(
            new JobSchedule
            {
                Name = name,
                Cron = cron,
                TimeZone = zone.Id,
                MissedRuns = missedRuns,
                Template = template with { Delay = TimeSpan.Zero, Schedule = name, TraceParent = null },
                Next = next,
            },
            cancellationToken);
    }

    public ValueTask<bool> RemoveAsync(string name, CancellationToken cancellationToken = default) => store.RemoveScheduleAsync(name, cancellationToken);

    public async ValueTask<JobHandle?> TriggerAsync(string name, CancellationToken cancellationToken = default)
    {
        var schedule = await FindAsync(name, cancellationToken);
        if (schedule is null)
        {
            return null;
        }

        var job = schedule.Template with { Id = store.NewId(clock.GetUtcNow(), schedule.Template.ShardBy, null), RunAt = null };
        var receipts = await store.EnqueueAsync([job], null, cancellationToken);
        return new JobHandle(client, receipts[0].Id, job.Name, receipts[0].IsDuplicate);
    }

    // Where there are several databases, one that is away matters only when it may be the one that has it.
    private async ValueTask<JobSchedule?> FindAsync(string name, CancellationToken cancellationToken)
    {
        JobStoreException? away = null;
        foreach (var one in store.Cells is { } cells ? cells.Select(static cell => cell.Store) : [store])
        {
            try
            {
                if ((await one.ListSchedulesAsync(cancellationToken)).FirstOrDefault(schedule => schedule.Name == name) is { } schedule)
                {
                    return schedule;
                }
            }
            catch (JobStoreException exception)
            {
                away = exception;
            }
        }

        return away is null ? null : throw away;
    }

    public async ValueTask<IReadOnlyList<RecurringJobInfo>> ListAsync(CancellationToken cancellationToken = default)
    {
        var pauses = (await store.ListPausesAsync(cancellationToken)).Where(static pause => pause.Scope == JobPauseScope.Schedule).ToDictionary(static pause => pause.Key, StringComparer.Ordinal);
        return (await store.ListSchedulesAsync(cancellationToken))
            .Select(schedule => new RecurringJobInfo(
                schedule.Name, schedule.Template.Name, schedule.Cron, schedule.TimeZone, schedule.MissedRuns, schedule.Next, schedule.Last, pauses.GetValueOrDefault(schedule.Name)))
            .ToList();
    }

    public IReadOnlyList<DateTimeOffset> Preview(string cron, TimeZoneInfo? timeZone = null, int count = 10)
    {
        if (count is < 1 or > MostPreviewed)
        {
            throw new ArgumentException($"{nameof(count)} is {count}; it must be from 1 to {MostPreviewed}.", nameof(count));
        }

        var schedule = CronSchedule.Parse(cron, timeZone ?? TimeZoneInfo.Utc);
        var times = new List<DateTimeOffset>(count);
        for (var next = schedule.NextAfter(clock.GetUtcNow()); next is { } time && times.Count < count; next = schedule.NextAfter(time))
        {
            times.Add(time);
        }

        return times;
    }

    /// <summary>Why the store, which keeps its id, could not find a zone again; <see langword="null"/>: it could.</summary>
    public static string? ProblemOf(TimeZoneInfo zone) => TimeZoneInfo.TryFindSystemTimeZoneById(zone.Id, out _)
        ? null
        : $"The time zone '{JobRules.Shown(zone.Id)}' is none of the system's, and the store keeps only its id; it must be one that TimeZoneInfo.FindSystemTimeZoneById finds, e.g. Europe/Berlin.";

    [LoggerMessage(EventIds.ScheduleNeverDue, LogLevel.Warning, "The recurring job '{Name}' never comes due any more: no time is left that '{Cron}' means.", EventName = nameof(EventIds.ScheduleNeverDue))]
    private partial void LogNeverDue(string name, string cron);
}
