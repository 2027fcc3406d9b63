using System.Text;
using System.Text.Json;
using Runtime.Hosting;
using Runtime.Hosting.Jobs;

namespace Runtime.Jobs.PostgreSql;

/// <summary>Recurring jobs.</summary>
internal sealed partial class PostgreSqlJobStore
{
    public async ValueTask PutScheduleAsync(JobSchedule schedule, CancellationToken cancellationToken) => await WriteAsync(
        async (session, outbox) =>
        {
            // As JobSchedule.After says, by one statement: of several nodes that start at once each finds what the others have put.
            outbox.Schedules = true;
            return await session.RunAsync(
                """
                INSERT INTO {s}.schedules AS s (name, cron, zone, missed, template, next, last) VALUES ($1, $2, $3, $4, $5, $6, $7)
                ON CONFLICT (name) DO UPDATE SET cron = $2, zone = $3, missed = $4, template = $5, next = CASE WHEN s.cron = $2 AND s.zone = $3 THEN s.next ELSE $6 END
                """,
                [
                    PgValue.Text(schedule.Name), PgValue.Text(schedule.Cron), PgValue.Text(schedule.TimeZone), PgValue.Small((int)schedule.MissedRuns), PgValue.Text(JsonSerializer.Serialize(schedule.Template)),
                    PgValue.Time(schedule.Next), PgValue.Time(schedule.Last),
                ]);
        },
        cancellationToken);

    public async ValueTask<bool> RemoveScheduleAsync(string name, CancellationToken cancellationToken) => await WriteAsync(
        async (session, outbox) =>
        {
            outbox.Schedules = true;
            return await session.RunAsync("DELETE FROM {s}.schedules WHERE name = $1", [PgValue.Text(name)]) > 0;
        },
        cancellationToken);

    public async ValueTask<IReadOnlyList<JobSchedule>> ListSchedulesAsync(CancellationToken cancellationToken) => await Db.RunAsync(
        session => session.QueryAsync(
            "SELECT name, cron, zone, missed, template, next, last FROM {s}.schedules ORDER BY name COLLATE \"C\"",
            static reader => new JobSchedule
            {
                Name = PgText.Decode(reader.GetString(0)),
                Cron = PgText.Decode(reader.GetString(1)),
                TimeZone = PgText.Decode(reader.GetString(2)),
                MissedRuns = (MissedRuns)reader.GetInt16(3),
                Template = JsonSerializer.Deserialize<NewJob>(Encoding.UTF8.GetBytes(PgText.Decode(reader.GetString(4))))!,
                Next = reader.IsDBNull(5) ? null : new DateTimeOffset(reader.GetDateTime(5), TimeSpan.Zero),
                Last = reader.IsDBNull(6) ? null : new DateTimeOffset(reader.GetDateTime(6), TimeSpan.Zero),
            },
            []),
        cancellationToken);

    // Of several nodes that find the same due time one moves the schedule on: the others wait for its row, and then no longer find the time that they have seen.
    public async ValueTask<bool> FireAsync(string name, DateTimeOffset seen, DateTimeOffset? next, IReadOnlyList<JobRun> runs, CancellationToken cancellationToken) => await WriteAsync(
        async (session, outbox) =>
        {
            if (await session.RunAsync("UPDATE {s}.schedules SET next = $3 WHERE name = $1 AND next = $2", [PgValue.Text(name), PgValue.Time(seen), PgValue.Time(next)]) == 0)
            {
                return false;
            }

            foreach (var run in runs)
            {
                if (await session.RunAsync("INSERT INTO {s}.runs (schedule, due) VALUES ($1, $2) ON CONFLICT DO NOTHING", [PgValue.Text(name), PgValue.Time(run.Due)]) > 0)
                {
                    await AddAllAsync(session, [run.Job], outbox);
                    outbox.Work = true;
                }

                await session.RunAsync("UPDATE {s}.schedules SET last = $2 WHERE name = $1", [PgValue.Text(name), PgValue.Time(run.Due)]);
            }

            return true;
        },
        cancellationToken);
}
