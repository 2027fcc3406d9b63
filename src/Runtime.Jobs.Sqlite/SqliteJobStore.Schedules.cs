using System.Text.Json;
using Runtime.Hosting;
using Runtime.Hosting.Jobs;

namespace Runtime.Jobs.Sqlite;

/// <summary>Recurring jobs.</summary>
internal sealed partial class SqliteJobStore
{
    public async ValueTask PutScheduleAsync(JobSchedule schedule, CancellationToken cancellationToken) => await WriteAsync(
        session =>
        {
            var put = Schedules(session, schedule.Name) is [var old] ? schedule.After(old) : schedule;
            session.Run(
                """
                INSERT INTO runtime_job_schedules (name, cron, zone, missed, template, next, last) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                ON CONFLICT (name) DO UPDATE SET cron = ?2, zone = ?3, missed = ?4, template = ?5, next = ?6, last = ?7
                """,
                put.Name, put.Cron, put.TimeZone, (int)put.MissedRuns, JsonSerializer.SerializeToUtf8Bytes(put.Template), put.Next?.UtcTicks, put.Last?.UtcTicks);
            session.Outbox.Schedules = true;
            return true;
        },
        cancellationToken);

    public ValueTask<bool> RemoveScheduleAsync(string name, CancellationToken cancellationToken) => WriteAsync(
        session =>
        {
            session.Outbox.Schedules = true;
            return session.Run("DELETE FROM runtime_job_schedules WHERE name = ?1", name) > 0;
        },
        cancellationToken);

    public async ValueTask<IReadOnlyList<JobSchedule>> ListSchedulesAsync(CancellationToken cancellationToken) => await ReadAsync(static session => Schedules(session, null), cancellationToken);

    public ValueTask<bool> FireAsync(string name, DateTimeOffset seen, DateTimeOffset? next, IReadOnlyList<JobRun> runs, CancellationToken cancellationToken) => WriteAsync(
        session =>
        {
            if (session.Run("UPDATE runtime_job_schedules SET next = ?3 WHERE name = ?1 AND next = ?2", name, seen.UtcTicks, next?.UtcTicks) == 0)
            {
                return false;
            }

            var now = Now();
            foreach (var run in runs)
            {
                if (session.Run("INSERT INTO runtime_job_runs (schedule, due) VALUES (?1, ?2) ON CONFLICT DO NOTHING", name, run.Due.UtcTicks) > 0)
                {
                    Add(session, run.Job, now);
                }

                session.Run("UPDATE runtime_job_schedules SET last = ?2 WHERE name = ?1", name, run.Due.UtcTicks);
            }

            return true;
        },
        cancellationToken);

    private static List<JobSchedule> Schedules(SqliteSession session, string? name) => session.Query(
        "SELECT name, cron, zone, missed, template, next, last FROM runtime_job_schedules WHERE ?1 IS NULL OR name = ?1 ORDER BY name",
        static row => new JobSchedule
        {
            Name = row.Text(0),
            Cron = row.Text(1),
            TimeZone = row.Text(2),
            MissedRuns = (MissedRuns)row.Int(3),
            Template = JsonSerializer.Deserialize<NewJob>(row.Bytes(4))!,
            Next = row.IsNull(5) ? null : JobRow.Time(row.Number(5)),
            Last = row.IsNull(6) ? null : JobRow.Time(row.Number(6)),
        },
        name);
}
