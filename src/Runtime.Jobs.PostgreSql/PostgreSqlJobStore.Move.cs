using Npgsql;
using NpgsqlTypes;
using Runtime.Hosting.Jobs;

namespace Runtime.Jobs.PostgreSql;

/// <summary>How jobs of another store move in.</summary>
internal sealed partial class PostgreSqlJobStore
{
    private const string Columns = """
        id, name, queue, state, priority, rank, run_at, deadline_at, ranked_at, enqueued_at, started_at, finished_at, attempt, max_attempts, crashes, node, args, result, reason, last_error, progress, progress_text,
        deadline, timeout, retry_delay, unique_key, uniqueness, unique_period, concurrency_key, concurrency_limit, tags, trace, parent, parent_on, schedule, batch, members, members_left, rate_key, rate_limit, rate_period
        """;

    // What could run, or was set aside, is scheduled for when it was due: the next claim queues it, and sets aside what has to be.
    private const string TakeIn = $$"""
        WITH t AS ({{NewJobs.Table}}),
        c AS (
          SELECT * FROM unnest($28::smallint[], $29::int[], $30::int[], $31::timestamptz[], $32::timestamptz[], $33::timestamptz[], $34::text[], $35::text[], $36::text[], $37::double precision[], $38::text[], $39::bytea[],
            $40::int[], $41::timestamptz[])
          WITH ORDINALITY AS c(state, attempt, crashes, enqueued_at, started_at, finished_at, node, reason, last_error, progress, progress_text, result, members_left, key_until, number)),
        fresh AS MATERIALIZED (
          SELECT t.id, t.name, t.queue, CASE WHEN c.state IN (1, 2, 4) THEN 0 ELSE c.state END AS state, t.priority, t.priority AS rank, t.at AS run_at, coalesce(t.at + t.deadline, 'infinity') AS deadline_at,
            t.now AS ranked_at, c.enqueued_at, c.started_at, c.finished_at, c.attempt, t.max_attempts, c.crashes, c.node, t.args, c.result, c.reason, c.last_error, c.progress, c.progress_text,
            t.deadline, t.timeout, t.retry_delay, t.unique_key, t.uniqueness, t.unique_period, t.concurrency_key, t.concurrency_limit, coalesce(string_to_array(t.tags, E'\n'), '{}') AS tags, t.trace, t.parent, t.parent_on,
            t.schedule, t.batch, t.members, c.members_left, t.rate_key, t.rate_limit, t.rate_period, c.key_until, t.number
          FROM t JOIN c USING (number) WHERE (SELECT true FROM {s}.jobs j WHERE j.id = t.id LIMIT 1) IS NULL AND (SELECT true FROM {s}.history j WHERE j.id = t.id LIMIT 1) IS NULL),
        live AS (INSERT INTO {s}.jobs ({{Columns}}) SELECT {{Columns}} FROM fresh WHERE state NOT IN (10, 11, 12) ORDER BY number),
        over AS (INSERT INTO {s}.history ({{Columns}}) SELECT {{Columns}} FROM fresh WHERE state IN (10, 11, 12) ORDER BY number),
        keyed AS (
          INSERT INTO {s}.keys AS k (name, key, job, until) SELECT name, unique_key, id, key_until FROM fresh WHERE key_until IS NOT NULL AND unique_key IS NOT NULL
          ON CONFLICT (name, key) DO UPDATE SET job = excluded.job, until = excluded.until WHERE k.until <= coalesce($1, statement_timestamp()))
        SELECT count(*) FROM fresh
        """;

    public async ValueTask<int> TakeInAsync(IReadOnlyList<JobCopy> jobs, CancellationToken cancellationToken) => await WriteAsync(
        async (session, outbox) =>
        {
            var fresh = await session.ScalarAsync<long>(TakeIn, [.. NewJobs.Of([.. jobs.Select(static copy => copy.Job with { Delay = TimeSpan.Zero })], Now), .. Parameters(jobs)]);

            // Whoever came first of a job and the one that waits for it, the job is to know.
            await session.RunAsync(
                "UPDATE {s}.jobs p SET has_children = true WHERE NOT p.has_children AND (p.id = ANY($1) OR p.id = ANY($2)) AND EXISTS (SELECT FROM {s}.jobs c WHERE c.state = 3 AND c.parent = p.id)",
                [PgValue.Ids(jobs.Select(static copy => copy.Job.Id)), PgValue.Ids(jobs.Select(static copy => copy.Job.After).OfType<Guid>())]);
            await session.RunAsync($"{ReleaseParked} AND id = ANY($3)", [PgValue.Time(Now), PgValue.Texts(_node.JobNames), PgValue.Ids(jobs.Select(static copy => copy.Job.Id))]);
            outbox.Work = fresh > 0;
            return (int)fresh;
        },
        cancellationToken);

    private static NpgsqlParameter[] Parameters(IReadOnlyList<JobCopy> jobs) =>
    [
        PgValue.List<short>([.. jobs.Select(static copy => (short)copy.Info.State)], NpgsqlDbType.Smallint),
        PgValue.List<int>([.. jobs.Select(static copy => copy.Info.Attempt)], NpgsqlDbType.Integer),
        PgValue.List<int>([.. jobs.Select(static copy => copy.Info.Crashes)], NpgsqlDbType.Integer),
        Times(jobs, static copy => copy.Info.EnqueuedAt),
        Times(jobs, static copy => copy.Info.StartedAt),
        Times(jobs, static copy => copy.Info.FinishedAt),
        PgValue.Texts(jobs.Select(static copy => copy.Info.Node)),
        PgValue.Texts(jobs.Select(static copy => copy.Info.Reason)),
        PgValue.Texts(jobs.Select(static copy => copy.LastError)),
        PgValue.List<double?>([.. jobs.Select(static copy => copy.Info.Progress?.Fraction)], NpgsqlDbType.Double),
        PgValue.Texts(jobs.Select(static copy => copy.Info.Progress?.Message)),
        PgValue.List<byte[]?>([.. jobs.Select(static copy => copy.Info.Result.IsEmpty ? null : copy.Info.Result.ToArray())], NpgsqlDbType.Bytea),
        PgValue.List<int>([.. jobs.Select(static copy => copy.Info.MembersLeft)], NpgsqlDbType.Integer),
        Times(jobs, static copy => copy.KeyUntil),
    ];

    private static NpgsqlParameter Times(IReadOnlyList<JobCopy> jobs, Func<JobCopy, DateTimeOffset?> of) =>
        PgValue.List<DateTime?>([.. jobs.Select(copy => of(copy)?.UtcDateTime)], NpgsqlDbType.TimestampTz);
}
