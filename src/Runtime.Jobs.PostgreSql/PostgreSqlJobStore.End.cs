using NpgsqlTypes;
using Runtime.Hosting;
using Runtime.Hosting.Jobs;

namespace Runtime.Jobs.PostgreSql;

/// <summary>How runs and jobs end, and what those ends release.</summary>
internal sealed partial class PostgreSqlJobStore
{
    // The kind of an end that JobEndingKind does not know: the node went away.
    private const int NodeDied = 7;

    private const int MostEndsAtOnce = 500;

    // As NewJob.IsMarker has it.
    private const string BatchName = "runtime:batch";

    // $1 now, $2 ids, $3 leases, $4 states, $5 reasons, $6 results. Rows are found by "id = ANY", and a state is named with a cast, here and wherever a row is found by its id: see "Plans" in the README.
    private const string Ends = """
        WITH gone AS (DELETE FROM {s}.jobs j WHERE j.id = ANY($2::uuid[]) AND {condition} RETURNING j.*, array_position($2::uuid[], j.id) AS i),
        keyed AS MATERIALIZED (SELECT id, unique_key FROM gone WHERE unique_key IS NOT NULL AND uniqueness <> 2),
        freed AS (DELETE FROM {s}.keys k WHERE k.key = ANY (ARRAY(SELECT unique_key FROM keyed)) AND k.job = ANY (ARRAY(SELECT id FROM keyed))),
        kept AS (
          INSERT INTO {s}.history (row, id, name, queue, state, priority, rank, run_at, deadline_at, ranked_at, enqueued_at, started_at, finished_at, attempt, max_attempts, crashes, lease, node, cancel,
            args, result, reason, last_error, progress, progress_text, deadline, timeout, retry_delay, unique_key, uniqueness, unique_period, concurrency_key, concurrency_limit, tags, trace, parent, parent_on, schedule, batch, members, members_left,
            rate_key, rate_limit, rate_period)
          SELECT row, id, name, queue, ($4::smallint[])[i], priority, rank, run_at, deadline_at, ranked_at, enqueued_at, started_at, coalesce($1, statement_timestamp()), attempt, max_attempts, crashes, lease, node, cancel,
            args, ($6::bytea[])[i], ($5::text[])[i], CASE WHEN ($4::smallint[])[i] = 11 THEN ($5::text[])[i] ELSE last_error END, progress, progress_text, deadline, timeout, retry_delay, unique_key, uniqueness, unique_period,
            concurrency_key, concurrency_limit, tags, trace, parent, parent_on, schedule, batch, members, members_left, rate_key, rate_limit, rate_period FROM gone)
        SELECT id, awaited, has_children, ($4::smallint[])[i], batch, CASE WHEN state IN (0, 1, 4) AND NOT holds_key THEN concurrency_key END FROM gone
        """;

    // The fence: a claim that is no longer the job's finds nothing. What has more to release than the job itself goes the longer way.
    private static readonly string EndSimple = Ends.Replace("{condition}", "j.lease = ($3::bigint[])[array_position($2::uuid[], j.id)] AND j.state::int = 4 AND NOT (j.holds_key OR j.has_children) AND j.batch IS NULL", StringComparison.Ordinal);

    // The caller holds the rows.
    private static readonly string EndHeld = Ends.Replace("{condition}", "$3::bigint[] IS NOT NULL", StringComparison.Ordinal);

    // $1 now, $2 ids, $3 leases, $4 kinds, $5 reasons, $6 delays, $7 how many crashes make a suspect.
    private const string Again = """
        UPDATE {s}.jobs j SET
          state = CASE WHEN e.kind = 3 THEN 13 WHEN e.delay > interval '0' THEN 0 WHEN j.crashes + e.crash >= $7 THEN 2 ELSE 1 END,
          suspect = e.kind <> 3 AND e.delay <= interval '0' AND j.crashes + e.crash >= $7,
          crashes = j.crashes + e.crash, attempt = j.attempt - e.unspent, owner = NULL, holds_key = false, reason = e.why,
          last_error = CASE WHEN e.kind = 4 THEN e.why ELSE j.last_error END,
          rank = j.priority, ranked_at = e.now,
          run_at = CASE WHEN e.kind = 3 THEN j.run_at ELSE e.now + e.delay END,
          deadline_at = CASE WHEN e.kind = 3 THEN j.deadline_at ELSE coalesce(e.now + e.delay + j.deadline, 'infinity') END
        FROM (
          SELECT coalesce($1, statement_timestamp()) AS now, CASE WHEN u.kind = 7 THEN 1 ELSE 0 END AS crash, CASE WHEN u.kind IN (3, 5, 6) THEN 1 ELSE 0 END AS unspent, u.*
          FROM unnest($2::uuid[], $3::bigint[], $4::smallint[], $5::text[], $6::interval[]) AS u(job, held, kind, why, delay)) e
        WHERE j.id = ANY($2) AND j.id = e.job AND j.lease = e.held AND j.state::int = 4 AND {condition}
        RETURNING j.id, j.awaited, j.state
        """;

    private static readonly string AgainSimple = Again.Replace("{condition}", "NOT (j.holds_key OR j.cancel)", StringComparison.Ordinal);

    private static readonly string AgainHeld = Again.Replace("{condition}", "true", StringComparison.Ordinal);

    public async ValueTask<IReadOnlyList<bool>> EndAsync(IReadOnlyList<JobEnding> endings, CancellationToken cancellationToken)
    {
        var written = new HashSet<Guid>();
        var simple = new Outbox();
        var over = endings.Where(static ending => ending.Kind is JobEndingKind.Succeeded or JobEndingKind.Failed or JobEndingKind.Cancelled).ToList();
        if (over.Count > 0)
        {
            await Db.RunAsync(session => FinishAsync(session, EndSimple, [.. over.Select(OverOf)], simple), cancellationToken);
        }

        var again = endings.Except(over).ToList();
        if (again.Count > 0)
        {
            await Db.RunAsync(session => RunAgainAsync(session, AgainSimple, [.. again.Select(AgainOf)], simple, written), cancellationToken);
        }

        written.UnionWith(simple.Ended.Select(static ended => ended.Id));
        Tell(simple);
        var left = endings.Where(ending => !written.Contains(ending.Lease.Id)).ToList();
        if (left.Count > 0)
        {
            written.UnionWith(await WriteAsync((session, outbox) => EndHeldAsync(session, left, outbox), cancellationToken));
        }

        left.RemoveAll(ending => written.Contains(ending.Lease.Id));
        if (left.Count > 0)
        {
            written.UnionWith(await WrittenBeforeAsync(left, cancellationToken));
        }

        foreach (var ending in endings)
        {
            _handedOut.TryRemove(ending.Lease.Number, out _);
        }

        return [.. endings.Select(ending => written.Contains(ending.Lease.Id))];
    }

    // Ends that were written although their caller was not told, since the connection was lost at the commit, and which it repeats: the job is over, under this lease, and as it says.
    private async Task<IEnumerable<Guid>> WrittenBeforeAsync(List<JobEnding> left, CancellationToken cancellationToken)
    {
        var ends = left.Where(static ending => ending.Kind is JobEndingKind.Succeeded or JobEndingKind.Failed or JobEndingKind.Cancelled).Select(OverOf).ToList();
        if (ends.Count == 0)
        {
            return [];
        }

        return await Db.RunAsync(
            session => session.QueryAsync(
                "SELECT h.id FROM {s}.history h JOIN unnest($1::uuid[], $2::bigint[], $3::smallint[]) AS e(id, lease, state) ON h.id = ANY($1) AND h.id = e.id AND h.lease = e.lease AND h.state = e.state",
                static reader => reader.GetGuid(0),
                [
                    PgValue.Ids(ends.Select(static one => one.Id)),
                    PgValue.List<long>([.. ends.Select(static one => one.Lease)], NpgsqlDbType.Bigint),
                    PgValue.List<short>([.. ends.Select(static one => (short)one.State)], NpgsqlDbType.Smallint),
                ]),
            cancellationToken);
    }

    public async ValueTask ReportAsync(IReadOnlyList<JobReport> reports, CancellationToken cancellationToken) => await Db.RunAsync(
        session => session.RunAsync(
            """
            UPDATE {s}.jobs j SET progress = u.progress, progress_text = u.text FROM unnest($1::uuid[], $2::bigint[], $3::double precision[], $4::text[]) AS u(id, held, progress, text)
            WHERE j.id = ANY($1) AND j.id = u.id AND j.lease = u.held AND j.state::int = 4
            """,
            [
                PgValue.Ids(reports.Select(static report => report.Lease.Id)),
                PgValue.List<long>([.. reports.Select(static report => report.Lease.Number)], NpgsqlDbType.Bigint),
                PgValue.List<double>([.. reports.Select(static report => report.Progress.Fraction)], NpgsqlDbType.Double),
                PgValue.Texts(reports.Select(static report => report.Progress.Message)),
            ]),
        cancellationToken);

    private static Over OverOf(JobEnding ending) => new(
        ending.Lease.Id, ending.Lease.Number, ending.Kind switch { JobEndingKind.Succeeded => JobState.Succeeded, JobEndingKind.Failed => JobState.Failed, _ => JobState.Cancelled }, ending.Reason, ending.Result);

    private static NextTime AgainOf(JobEnding ending) => new(ending.Lease.Id, ending.Lease.Number, (int)ending.Kind, ending.Reason, ending.Kind is JobEndingKind.Interrupted or JobEndingKind.Parked ? TimeSpan.Zero : ending.Delay);

    // The runs whose jobs have a place under a key, or others that wait for them, or are to be cancelled.
    private async Task<List<Guid>> EndHeldAsync(Session session, List<JobEnding> endings, Outbox outbox)
    {
        var leases = endings.GroupBy(static ending => ending.Lease.Id).ToDictionary(static job => job.Key, static job => job.MaxBy(static ending => ending.Lease.Number)!);
        var held = await session.QueryAsync(
            $"SELECT {JobRecord.ListedColumns} FROM {{s}}.jobs j WHERE j.id = ANY($1) AND j.state::int = 4 ORDER BY j.id FOR UPDATE", JobRecord.Read, [PgValue.Ids(leases.Keys)]);
        var ours = held.Where(job => leases[job.Job.Id].Lease.Number == job.Lease).ToList();
        var over = new List<Over>();
        var again = new List<NextTime>();
        foreach (var job in ours)
        {
            var ending = leases[job.Job.Id];
            if (ending.Kind is JobEndingKind.Succeeded or JobEndingKind.Failed or JobEndingKind.Cancelled)
            {
                over.Add(OverOf(ending));
            }
            else if (job.CancelRequested && ending.Kind != JobEndingKind.Parked)
            {
                over.Add(new(job.Job.Id, job.Lease, JobState.Cancelled, job.Reason, default)); // it would otherwise run once more before anybody remembers
            }
            else
            {
                again.Add(AgainOf(ending));
            }
        }

        await EndAllAsync(session, ours, over, again, outbox);
        return [.. ours.Select(static job => job.Job.Id)];
    }

    // The caller holds the rows of the jobs.
    private async Task EndAllAsync(Session session, List<JobRecord> jobs, List<Over> over, List<NextTime> again, Outbox outbox)
    {
        await FinishWithChildrenAsync(session, over, outbox);
        if (again.Count > 0)
        {
            await RunAgainAsync(session, AgainHeld, again, outbox, []);
        }

        await GivePlacesAsync(session, jobs.Where(static job => job.HoldsKey).Select(static job => job.Job.ConcurrencyKey!), outbox);
    }

    // Ends jobs and whatever ends with them, a generation at a time, since a chain of continuations may be long.
    private async Task FinishWithChildrenAsync(Session session, List<Over> over, Outbox outbox)
    {
        if (over.Count == 0)
        {
            return;
        }

        var ended = await FinishAsync(session, EndHeld, over, outbox);
        await ReleaseChildrenAsync(session, ended.Where(static one => one.HasChildren).ToDictionary(static one => one.Id, static one => one.State), outbox);
        await CountOutAsync(session, ended.Select(static one => one.Batch).OfType<Guid>(), outbox);
        await PassPlacesOnAsync(session, ended.Select(static one => one.PassesOn).OfType<string>(), outbox);
    }

    // So many members of batches less. A batch that has ended with them is queued, or over when it has nothing to run. In order, so that two transactions do not wait for each other.
    private async Task CountOutAsync(Session session, IEnumerable<Guid> batches, Outbox outbox)
    {
        var counts = batches.CountBy(static batch => batch).OrderBy(static count => count.Key).ToList();
        if (counts.Count == 0)
        {
            return;
        }

        var complete = new List<(Guid Id, bool IsMarker)>();
        foreach (var (batch, count) in counts)
        {
            complete.AddRange(await session.QueryAsync(
                "UPDATE {s}.jobs SET members_left = members_left - $2 WHERE id = $1 AND state::int = 3 RETURNING id, name = $3, members_left <= 0",
                static reader => (Id: reader.GetGuid(0), IsMarker: reader.GetBoolean(1), IsComplete: reader.GetBoolean(2)),
                [PgValue.Id(batch), PgValue.Count(count), PgValue.Text(BatchName)]) is [{ IsComplete: true } one] ? [(one.Id, one.IsMarker)] : []);
        }

        await AdmitWaitingAsync(session, [.. complete.Where(static one => !one.IsMarker).Select(static one => one.Id)], outbox);
        await FinishWithChildrenAsync(session, [.. complete.Where(static one => one.IsMarker).Select(static one => new Over(one.Id, 0, JobState.Succeeded, null, default))], outbox);
    }

    // Statements of their own: those that begin after the rows of the parents were taken see every child that has marked them.
    private async Task ReleaseChildrenAsync(Session session, Dictionary<Guid, JobState> parents, Outbox outbox)
    {
        if (parents.Count == 0)
        {
            return;
        }

        var children = await session.QueryAsync(
            "SELECT id, parent_on, parent FROM {s}.jobs WHERE id = ANY (ARRAY(SELECT id FROM {s}.jobs WHERE state = 3 AND parent = ANY($1))) AND state::int = 3 AND parent = ANY($1) ORDER BY id FOR UPDATE",
            static reader => (Id: reader.GetGuid(0), On: (JobContinuation)reader.GetInt16(1), Parent: reader.GetGuid(2)),
            [PgValue.Ids(parents.Keys)]);
        await ReleaseAsync(session, [.. children.Select(child => (child.Id, child.On, child.Parent, (JobState?)parents[child.Parent]))], outbox);
    }

    private async Task ReleaseAsync(Session session, List<(Guid Id, JobContinuation On, Guid Parent, JobState? End)> children, Outbox outbox)
    {
        var released = children.Where(static child => Continuations.Releases(child.On, child.End)).Select(static child => child.Id).ToList();
        await AdmitWaitingAsync(session, released, outbox);
        var cancelled = children.Where(static child => !Continuations.Releases(child.On, child.End))
            .Select(static child => new Over(child.Id, 0, JobState.Cancelled, Continuations.Explain(child.Parent, child.End, child.On), default)).ToList();
        await FinishWithChildrenAsync(session, cancelled, outbox);
    }

    private async Task AdmitWaitingAsync(Session session, List<Guid> released, Outbox outbox)
    {
        if (released.Count == 0)
        {
            return;
        }

        await session.RunAsync(
            """
            UPDATE {s}.jobs SET state = CASE WHEN run_at > n.now THEN 0 ELSE 1 END, rank = priority, ranked_at = n.now, run_at = greatest(run_at, n.now),
              deadline_at = coalesce(greatest(run_at, n.now) + deadline, 'infinity')
            FROM (SELECT coalesce($1, statement_timestamp()) AS now) n WHERE id = ANY($2) AND state::int = 3
            """,
            [PgValue.Time(Now), PgValue.Ids(released)]);
        outbox.Work = true;
    }

    // Some at a time: each row looks for its place in the arrays.
    private async Task<List<Ended>> FinishAsync(Session session, string sql, List<Over> over, Outbox outbox)
    {
        var ended = new List<Ended>();
        foreach (var some in over.Chunk(MostEndsAtOnce))
        {
            ended.AddRange(await session.QueryAsync(
                sql,
                static reader => new Ended(
                    reader.GetGuid(0), reader.GetBoolean(1), reader.GetBoolean(2), (JobState)reader.GetInt16(3), reader.IsDBNull(4) ? null : reader.GetGuid(4),
                    reader.IsDBNull(5) ? null : PgText.Decode(reader.GetString(5))),
                [
                    PgValue.Time(Now),
                    PgValue.Ids(some.Select(static one => one.Id)),
                    PgValue.List<long>([.. some.Select(static one => one.Lease)], NpgsqlDbType.Bigint),
                    PgValue.List<short>([.. some.Select(static one => (short)one.State)], NpgsqlDbType.Smallint),
                    PgValue.Texts(some.Select(static one => one.Reason)),
                    PgValue.List<byte[]?>([.. some.Select(static one => one.Result.IsEmpty ? null : one.Result.ToArray())], NpgsqlDbType.Bytea),
                ]));
        }

        outbox.Ended.AddRange(ended.Select(static job => (job.Id, job.IsAwaited)));
        return ended;
    }

    private async Task<bool> RunAgainAsync(Session session, string sql, List<NextTime> again, Outbox outbox, HashSet<Guid> written)
    {
        var queued = await session.QueryAsync(
            sql,
            static reader => (Id: reader.GetGuid(0), IsAwaited: reader.GetBoolean(1), State: (JobState)reader.GetInt16(2)),
            [
                PgValue.Time(Now),
                PgValue.Ids(again.Select(static one => one.Id)),
                PgValue.List<long>([.. again.Select(static one => one.Lease)], NpgsqlDbType.Bigint),
                PgValue.List<short>([.. again.Select(static one => (short)one.Kind)], NpgsqlDbType.Smallint),
                PgValue.Texts(again.Select(static one => one.Reason)),
                PgValue.List<TimeSpan>([.. again.Select(static one => one.Delay)], NpgsqlDbType.Interval),
                PgValue.Count(Suspicion),
            ]);
        outbox.Ended.AddRange(queued.Where(static job => job.State == JobState.Parked).Select(static job => (job.Id, job.IsAwaited)));
        outbox.Work |= queued.Exists(static job => job.State != JobState.Parked);
        written.UnionWith(queued.Select(static job => job.Id));
        return true;
    }

    // Gives places under concurrency keys to the first who may have them. Keys in order, so that two transactions do not wait for each other.
    private static async Task GivePlacesAsync(Session session, IEnumerable<string> keys, Outbox outbox)
    {
        foreach (var key in keys.GroupBy(static key => key, StringComparer.Ordinal).OrderBy(static key => key.Key, StringComparer.Ordinal))
        {
            await GivePlacesAsync(session, key.Key, key.Count(), key.Count(), outbox);
        }
    }

    // Jobs that go unrun, or may not run, may have been queued because a place had become free: the place is the next one's.
    private static async Task PassPlacesOnAsync(Session session, IEnumerable<string> keys, Outbox outbox)
    {
        foreach (var (key, count) in keys.CountBy(static key => key, StringComparer.Ordinal).OrderBy(static key => key.Key, StringComparer.Ordinal))
        {
            await GivePlacesAsync(session, key, freed: 0, count, outbox);
        }
    }

    private static async Task GivePlacesAsync(Session session, string key, int freed, int atMost, Outbox outbox)
    {
        var running = await session.ScalarAsync<int>("UPDATE {s}.places SET running = greatest(running - $2, 0) WHERE key = $1 RETURNING running", [PgValue.Text(key), PgValue.Count(freed)]);
        var given = await session.RunAsync(
            $$"""
            UPDATE {s}.jobs SET {{QueuedAgain}} WHERE id = ANY (ARRAY(
              SELECT j.id FROM {s}.jobs j WHERE j.state = 2 AND NOT j.suspect AND NOT j.rate_held AND j.concurrency_key = $1 AND j.concurrency_limit > $2
                AND NOT EXISTS (SELECT FROM {s}.pauses p WHERE (p.scope = 1 AND p.key = j.name) OR (p.scope = 0 AND p.key = j.queue))
              ORDER BY j.rank, j.deadline_at, j.row LIMIT $3 FOR UPDATE OF j))
            """,
            [PgValue.Text(key), PgValue.Count(running), PgValue.Count(atMost)]);
        outbox.Work |= given > 0;
        if (given == 0 && running == 0)
        {
            await session.RunAsync("DELETE FROM {s}.places WHERE key = $1 AND running = 0", [PgValue.Text(key)]);
        }
    }

    // PassesOn: the concurrency key of a job that had not taken its place.
    private sealed record Ended(Guid Id, bool IsAwaited, bool HasChildren, JobState State, Guid? Batch, string? PassesOn);

    private readonly record struct Over(Guid Id, long Lease, JobState State, string? Reason, ReadOnlyMemory<byte> Result);

    private readonly record struct NextTime(Guid Id, long Lease, int Kind, string? Reason, TimeSpan Delay);
}
