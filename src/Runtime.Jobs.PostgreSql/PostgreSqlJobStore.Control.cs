using System.Globalization;
using Runtime.Hosting;

namespace Runtime.Jobs.PostgreSql;

/// <summary>What people and programs ask and change from outside.</summary>
internal sealed partial class PostgreSqlJobStore
{
    // From this retention on a day more or less does not matter.
    private static readonly TimeSpan WholeDays = TimeSpan.FromDays(2);

    public async ValueTask<JobInfo?> GetAsync(Guid id, CancellationToken cancellationToken) => (await Db.RunAsync(
        session => session.QueryAsync($"SELECT {JobRecord.WholeColumns} FROM {{s}}.all_jobs j WHERE j.id = $1", JobRecord.Read, [PgValue.Id(id)]), cancellationToken)).FirstOrDefault()?.ToInfo();

    public async ValueTask WatchAsync(Guid id, CancellationToken cancellationToken)
    {
        if (Lease.IsAlone)
        {
            return; // another process that comes meanwhile is found out by looking
        }

        await Db.RunAsync(session => session.RunAsync("UPDATE {s}.jobs SET awaited = true WHERE id = $1 AND NOT awaited", [PgValue.Id(id)]), cancellationToken);
    }

    public async ValueTask<JobPage> ListAsync(JobFilter filter, CancellationToken cancellationToken)
    {
        var (where, values) = PostgreSqlFilter.Of(filter);
        var before = filter.From is { } from ? long.Parse(from, NumberStyles.None, CultureInfo.InvariantCulture) : long.MaxValue;
        var last = values.Count + 1;
        var found = await Db.RunAsync(
            session => session.QueryAsync(
                $"SELECT {JobRecord.ListedColumns} FROM {PostgreSqlFilter.SourceOf(filter)} j WHERE {where} AND j.row < ${last} ORDER BY j.row DESC LIMIT ${last + 1}", JobRecord.Read, [.. values, PgValue.Number(before), PgValue.Count(filter.PageSize + 1)]),
            cancellationToken);
        var page = found.Take(filter.PageSize).Select(static job => job.ToInfo()).ToList();
        return new JobPage(page, found.Count > page.Count ? found[page.Count - 1].Row.ToString(CultureInfo.InvariantCulture) : null);
    }

    public async ValueTask<IReadOnlyDictionary<JobState, long>> CountAsync(JobFilter filter, CancellationToken cancellationToken)
    {
        var (where, values) = PostgreSqlFilter.Of(filter);
        var counts = await Db.TransactAsync(
            async session =>
            {
                await session.MayScanAsync();
                return await session.QueryAsync(
                    $"SELECT j.state, count(*) FROM {PostgreSqlFilter.SourceOf(filter)} j WHERE {where} GROUP BY j.state",
                    static reader => (State: (JobState)reader.GetInt16(0), Count: reader.GetInt64(1)),
                    [.. values.Select(static value => value.Clone())]);
            },
            cancellationToken);
        return counts.ToDictionary(static row => row.State, static row => row.Count);
    }

    public async ValueTask<JobCancellation> CancelAsync(Guid id, string? reason, CancellationToken cancellationToken) => await WriteAsync(
        async (session, outbox) =>
        {
            // The row is held from here on, so what it says stays true.
            var states = await session.QueryAsync("SELECT state FROM {s}.jobs WHERE id = $1 FOR UPDATE", static reader => (JobState)reader.GetInt16(0), [PgValue.Id(id)]);
            if (states.Count == 0)
            {
                return await session.ScalarAsync<bool>("SELECT EXISTS (SELECT FROM {s}.history WHERE id = $1)", [PgValue.Id(id)]) ? JobCancellation.AlreadyOver : JobCancellation.NotFound;
            }

            if (states[0] == JobState.Running)
            {
                await session.RunAsync("UPDATE {s}.jobs SET cancel = true, reason = $2 WHERE id = $1", [PgValue.Id(id), PgValue.Text(reason)]);
                outbox.Cancellations.Add((id, reason));
                return JobCancellation.Requested;
            }

            await FinishWithChildrenAsync(session, [new(id, 0, JobState.Cancelled, reason, default)], outbox);
            return JobCancellation.Cancelled;
        },
        cancellationToken);

    public async ValueTask<long> CancelAsync(JobFilter filter, string? reason, CancellationToken cancellationToken)
    {
        var (where, values) = PostgreSqlFilter.Of(filter);
        return await WriteAsync(
            async (session, outbox) =>
            {
                await session.MayScanAsync();
                var found = await session.QueryAsync(
                    $"SELECT j.id, j.state FROM {{s}}.jobs j WHERE {where} ORDER BY j.id FOR UPDATE",
                    static reader => (Id: reader.GetGuid(0), State: (JobState)reader.GetInt16(1)),
                    [.. values.Select(static value => value.Clone())]);
                var running = found.Where(static job => job.State == JobState.Running).Select(static job => job.Id).ToList();
                await session.RunAsync("UPDATE {s}.jobs SET cancel = true, reason = $2 WHERE id = ANY($1)", [PgValue.Ids(running), PgValue.Text(reason)]);
                outbox.Cancellations.AddRange(running.Select(id => (id, reason)));
                await FinishWithChildrenAsync(session, [.. found.Where(static job => job.State != JobState.Running).Select(job => new Over(job.Id, 0, JobState.Cancelled, reason, default))], outbox);
                return (long)found.Count;
            },
            cancellationToken);
    }

    public async ValueTask<long> RetryAsync(JobFilter filter, CancellationToken cancellationToken)
    {
        var (where, values) = PostgreSqlFilter.Of(filter);
        var now = values.Count + 1;
        return await WriteAsync(
            async (session, outbox) =>
            {
                await session.MayScanAsync();
                var parked = await session.RunAsync(
                    $$"""
                    UPDATE {s}.jobs j SET state = 1, attempt = 0, crashes = 0, suspect = false, cancel = false, reason = NULL, rank = priority, run_at = n.now, ranked_at = n.now,
                      deadline_at = coalesce(n.now + deadline, 'infinity')
                    FROM (SELECT coalesce(${{now}}, statement_timestamp()) AS now) n WHERE j.state = 13 AND {{where}}
                    """,
                    [.. values, PgValue.Time(Now)]);

                // Held from here on: a discard, a purge or another retry of them comes before this or after it.
                var found = await session.QueryAsync(
                    $"SELECT j.id FROM {{s}}.history j WHERE j.state IN (11, 12) AND NOT (j.members > 0 AND j.name = '{BatchName}') AND {where} ORDER BY j.id FOR UPDATE",
                    static reader => reader.GetGuid(0),
                    [.. values.Select(static value => value.Clone())]);

                // A job that is over has given its unique key back; one that is to live again needs it, and stays as it is when another one has it by now.
                var taken = await session.QueryAsync(
                    """
                    INSERT INTO {s}.keys AS k (name, key, job, until)
                    SELECT DISTINCT ON (j.name, j.unique_key) j.name, j.unique_key, j.id, 'infinity'::timestamptz FROM {s}.history j
                    WHERE j.id = ANY($1) AND j.unique_key IS NOT NULL AND j.uniqueness <> 2 ORDER BY j.name, j.unique_key, j.row DESC
                    ON CONFLICT (name, key) DO UPDATE SET job = excluded.job, until = excluded.until WHERE k.until <= coalesce($2, statement_timestamp())
                    RETURNING k.job
                    """,
                    static reader => reader.GetGuid(0),
                    [PgValue.Ids(found), PgValue.Time(Now)]);
                var ended = await session.RunAsync(
                    """
                    WITH gone AS (
                      DELETE FROM {s}.history j WHERE j.id = ANY($1) AND (j.unique_key IS NULL OR j.uniqueness = 2 OR j.id = ANY($3)) RETURNING j.*, coalesce($2, statement_timestamp()) AS now),
                    counted AS (
                      UPDATE {s}.jobs b SET members_left = b.members_left + g.members FROM (SELECT batch, count(*) AS members FROM gone WHERE batch IS NOT NULL GROUP BY batch) g WHERE b.id = g.batch AND b.state = 3)
                    INSERT INTO {s}.jobs (row, id, name, queue, state, priority, rank, run_at, deadline_at, ranked_at, enqueued_at, started_at, attempt, max_attempts, crashes, lease, node, args, last_error,
                      deadline, timeout, retry_delay, unique_key, uniqueness, unique_period, concurrency_key, concurrency_limit, tags, trace, parent, parent_on, schedule, batch, members, rate_key, rate_limit, rate_period)
                    SELECT row, id, name, queue, 1, priority, priority, now, coalesce(now + deadline, 'infinity'), now, enqueued_at, started_at, 0, max_attempts, 0, lease, node, args, last_error,
                      deadline, timeout, retry_delay, unique_key, uniqueness, unique_period, concurrency_key, concurrency_limit, tags, trace, parent, parent_on, schedule, batch, members, rate_key, rate_limit, rate_period FROM gone
                    """,
                    [PgValue.Ids(found), PgValue.Time(Now), PgValue.Ids(taken)]);
                await WaitForMembersAsync(session, found);
                outbox.Work = parked + ended > 0;
                return (long)parked + ended;
            },
            cancellationToken);
    }

    // The end of a batch runs when its members are over, also when it is tried again before. Their rows are held, so that none ends uncounted.
    private static async Task WaitForMembersAsync(Session session, List<Guid> batches)
    {
        var members = await session.QueryAsync("SELECT batch FROM {s}.jobs WHERE batch = ANY($1) ORDER BY id FOR UPDATE", static reader => reader.GetGuid(0), [PgValue.Ids(batches)]);
        foreach (var (batch, count) in members.CountBy(static batch => batch))
        {
            await session.RunAsync("UPDATE {s}.jobs SET state = 3, members_left = $2 WHERE id = $1 AND state::int = 1", [PgValue.Id(batch), PgValue.Count(count)]);
        }
    }

    public async ValueTask<long> DiscardAsync(JobFilter filter, CancellationToken cancellationToken)
    {
        var (where, values) = PostgreSqlFilter.Of(filter);
        return await WriteAsync(
            async (session, outbox) =>
            {
                await session.MayScanAsync();
                var live = await session.QueryAsync(
                    $$"""
                    WITH gone AS (DELETE FROM {s}.jobs j WHERE j.state <> 4 AND {{where}} RETURNING j.*),
                    freed AS (DELETE FROM {s}.keys k USING gone g WHERE k.name = g.name AND k.key = g.unique_key AND k.job = g.id)
                    SELECT id, awaited, has_children, batch, CASE WHEN state IN (0, 1) THEN concurrency_key END FROM gone
                    """,
                    static reader => (Id: reader.GetGuid(0), IsAwaited: reader.GetBoolean(1), HasChildren: reader.GetBoolean(2), Batch: reader.IsDBNull(3) ? (Guid?)null : reader.GetGuid(3), PassesOn: reader.IsDBNull(4) ? null : PgText.Decode(reader.GetString(4))),
                    [.. values]);
                var ended = await session.QueryAsync(
                    $$"""
                    WITH gone AS (DELETE FROM {s}.history j WHERE {{where}} RETURNING j.id, j.name, j.unique_key),
                    freed AS (DELETE FROM {s}.keys k USING gone g WHERE k.name = g.name AND k.key = g.unique_key AND k.job = g.id)
                    SELECT id FROM gone
                    """,
                    static reader => reader.GetGuid(0),
                    [.. values.Select(static value => value.Clone())]);
                outbox.Ended.AddRange(live.Select(static job => (job.Id, job.IsAwaited)));
                outbox.Ended.AddRange(ended.Select(static id => (id, false)));
                await ReleaseChildrenAsync(session, live.Where(static job => job.HasChildren).ToDictionary(static job => job.Id, static _ => JobState.Cancelled), outbox);
                await CountOutAsync(session, live.Select(static job => job.Batch).OfType<Guid>(), outbox);
                await PassPlacesOnAsync(session, live.Select(static job => job.PassesOn).OfType<string>(), outbox);
                return (long)live.Count + ended.Count;
            },
            cancellationToken);
    }

    // Days go whole, at once and for nothing; the rest of the oldest day goes row by row only where whole days would keep it too long.
    public async ValueTask<int> PurgeAsync(TimeSpan retention, int atMost, CancellationToken cancellationToken)
    {
        var before = await GetTimeAsync(cancellationToken) - retention;
        await HistoryDays.PrepareAsync(Db, cancellationToken);
        await HistoryDays.DropAsync(Db, before, cancellationToken);
        var from = retention >= WholeDays ? before - TimeSpan.FromDays(1) : before;
        return await Db.TransactAsync(
            async session =>
            {
                await session.MayScanAsync();
                await session.RunAsync("DELETE FROM {s}.keys WHERE until <= $1", [PgValue.Time(before + retention)]);
                await session.RunAsync("DELETE FROM {s}.rates WHERE free_at IS NULL AND until <= $1", [PgValue.Time(before + retention)]);
                await session.RunAsync("DELETE FROM {s}.runs WHERE due < $1", [PgValue.Time(before + retention - TimeSpan.FromDays(1))]);
                return await session.RunAsync(
                    "DELETE FROM {s}.history WHERE (tableoid, ctid) IN (SELECT tableoid, ctid FROM {s}.history WHERE finished_at < $1 LIMIT $2)", [PgValue.Time(from), PgValue.Count(atMost)]);
            },
            cancellationToken);
    }

    public async ValueTask PauseAsync(JobPause pause, CancellationToken cancellationToken) => await WriteAsync(
        async (session, outbox) =>
        {
            outbox.Work = true;
            await session.RunAsync(
                "INSERT INTO {s}.pauses (scope, key, reason, until) VALUES ($1, $2, $3, $4) ON CONFLICT (scope, key) DO UPDATE SET reason = $3, until = $4",
                [PgValue.Small((int)pause.Scope), PgValue.Text(pause.Key), PgValue.Text(pause.Reason), PgValue.Time(pause.Until)]);
            if (pause.Scope == JobPauseScope.Queue)
            {
                // The places that its jobs were queued for are those of other queues meanwhile. Who gives a place holds its row: once all are ours, whoever has not seen the pause has committed, and whoever comes later sees it.
                await session.QueryAsync("SELECT 1 FROM {s}.places ORDER BY key FOR UPDATE", static _ => true, []);
                var keys = await session.QueryAsync(
                    "SELECT concurrency_key FROM {s}.jobs WHERE state = 1 AND queue = $1 AND concurrency_key IS NOT NULL", static reader => PgText.Decode(reader.GetString(0)), [PgValue.Text(pause.Key)]);
                await PassPlacesOnAsync(session, keys, outbox);
            }

            return true;
        },
        cancellationToken);

    public async ValueTask<bool> ResumeAsync(JobPauseScope scope, string key, CancellationToken cancellationToken) =>
        await WriteAsync((session, outbox) => ResumeAsync(session, scope, key, outbox), cancellationToken);

    public async ValueTask<IReadOnlyList<JobPause>> ListPausesAsync(CancellationToken cancellationToken) => await Db.RunAsync(
        session => session.QueryAsync(
            "SELECT scope, key, reason, until FROM {s}.pauses WHERE until IS NULL OR until > coalesce($1, statement_timestamp()) ORDER BY scope, key",
            static reader => new JobPause(
                (JobPauseScope)reader.GetInt16(0), PgText.Decode(reader.GetString(1)), reader.IsDBNull(2) ? null : PgText.Decode(reader.GetString(2)),
                reader.IsDBNull(3) ? null : new DateTimeOffset(reader.GetDateTime(3), TimeSpan.Zero)),
            [PgValue.Time(Now)]),
        cancellationToken);

    private static async Task<bool> ResumeAsync(Session session, JobPauseScope scope, string key, Outbox outbox)
    {
        if (await session.RunAsync("DELETE FROM {s}.pauses WHERE scope = $1 AND key = $2", [PgValue.Small((int)scope), PgValue.Text(key)]) == 0)
        {
            return false;
        }

        if (scope == JobPauseScope.Name)
        {
            // Those that wait for a place are looked at again as well: the claim decides.
            await session.RunAsync($"UPDATE {{s}}.jobs SET {QueuedAgain}, rate_held = false WHERE state = 2 AND NOT suspect AND name = $1", [PgValue.Text(key)]);
        }
        else if (scope == JobPauseScope.Queue)
        {
            await session.RunAsync($"UPDATE {{s}}.jobs SET {QueuedAgain} WHERE state = 2 AND NOT suspect AND NOT rate_held AND queue = $1", [PgValue.Text(key)]);
        }

        outbox.Work = true;
        outbox.Schedules |= scope == JobPauseScope.Schedule;
        return true;
    }

    private async Task<bool> EndPausesAsync(CancellationToken cancellationToken) => await WriteAsync(
        async (session, outbox) =>
        {
            var over = await session.QueryAsync(
                "SELECT scope, key FROM {s}.pauses WHERE until <= coalesce($1, statement_timestamp()) FOR UPDATE SKIP LOCKED",
                static reader => ((JobPauseScope)reader.GetInt16(0), PgText.Decode(reader.GetString(1))),
                [PgValue.Time(Now)]);
            foreach (var (scope, key) in over)
            {
                await ResumeAsync(session, scope, key, outbox);
            }

            return over.Count > 0;
        },
        cancellationToken);
}
