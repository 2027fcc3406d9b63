using System.Collections.Concurrent;
using NpgsqlTypes;
using Runtime.Hosting.Jobs;

namespace Runtime.Jobs.PostgreSql;

/// <summary>What may run now.</summary>
internal sealed partial class PostgreSqlJobStore
{
    // How many jobs of one queue and rank are moved up at once: enough that none waits for ever, few enough that it stays short.
    private const int MostMovedUp = 64;
    private const int LooksPerThreshold = 8;

    // How many delayed jobs that have become due are queued by one statement.
    private const string MostPromoted = "1000";

    // Queues that have jobs, by one step of the index for each.
    private const string Queues = """
        RECURSIVE q(queue) AS (
          SELECT min(queue) FROM {s}.jobs WHERE state = 1
          UNION ALL SELECT (SELECT min(j.queue) FROM {s}.jobs j WHERE j.state = 1 AND j.queue > q.queue) FROM q WHERE q.queue IS NOT NULL)
        """;

    // A job that was set aside may be looked at again. One that a process has died in goes through the promotion, which has it run alone where that is due.
    private const string QueuedAgain = "state = CASE WHEN crashes > 0 THEN 0 ELSE 1 END, reason = NULL";

    private const string Started = """
        state = 4, lease = nextval('{s}.lease'), attempt = j.attempt + 1, started_at = n.now, reason = NULL, progress = NULL, progress_text = NULL, owner = $2, node = $3, suspect = false
        """;

    // Of one that was taken and does not run after all.
    private const string Unstarted = "owner = NULL, started_at = CASE WHEN j.attempt > 1 THEN j.started_at END, node = CASE WHEN j.attempt > 1 THEN j.node END";

    private const string Facts = """
        (SELECT count(*) FROM promoted),
        least((SELECT min(run_at) FROM {s}.jobs WHERE state = 0 AND run_at > n.now), (SELECT min(until) FROM {s}.pauses WHERE isfinite(until)), (SELECT min(free_at) FROM {s}.rates WHERE free_at IS NOT NULL)) - n.now,
        EXISTS (SELECT FROM {s}.pauses WHERE until <= n.now),
        EXISTS (SELECT FROM {s}.rates WHERE free_at <= n.now),
        EXISTS (SELECT FROM {s}.jobs WHERE state = 2 AND suspect AND (owner IS NULL OR owner = $2)),
        EXISTS (SELECT FROM {s}.jobs WHERE unsettled)
        """;

    private const string MayClaim = """
        EXISTS (SELECT FROM {s}.nodes WHERE id = $2) AND NOT EXISTS (SELECT FROM {s}.pauses WHERE scope = 3 AND key = $3 AND (until IS NULL OR until > (SELECT now FROM n)))
        """;

    private const string IsPaused = "EXISTS (SELECT FROM {s}.pauses p WHERE p.scope = 1 AND p.key = j.name AND (p.until IS NULL OR p.until > n.now))";

    // One statement, and so one round trip and one commit: due jobs are queued, queued ones are taken, and the rest is told. $1 now, $2 node, $3 its name, $4 room, $5 and $6 queues with less room,
    // $7 how many crashes make a suspect, $8 kinds that are others' to run. The locks are taken within each queue's own part, so that two nodes take different jobs; MATERIALIZED, since the planner might otherwise read it twice.
    private const string ClaimJobs = $$"""
        WITH {{Queues}},
        n AS MATERIALIZED (SELECT coalesce($1, statement_timestamp()) AS now),
        promoted AS (
          UPDATE {s}.jobs j SET state = CASE WHEN j.crashes >= $7 THEN 2 ELSE 1 END, suspect = j.crashes >= $7, ranked_at = n.now FROM n
          WHERE j.id = ANY (ARRAY(SELECT id FROM {s}.jobs WHERE state = 0 AND run_at <= (SELECT now FROM n) ORDER BY run_at LIMIT {{MostPromoted}} FOR UPDATE SKIP LOCKED)) RETURNING 1),
        open AS (
          SELECT q.queue, least(coalesce(l.room, $4), $4) AS room FROM q CROSS JOIN n LEFT JOIN unnest($5::text[], $6::int[]) AS l(queue, room) ON l.queue = q.queue
          WHERE q.queue IS NOT NULL AND coalesce(l.room, 1) > 0 AND {{MayClaim}}
            AND NOT EXISTS (SELECT FROM {s}.pauses p WHERE p.scope = 0 AND p.key = q.queue AND (p.until IS NULL OR p.until > n.now))),
        chosen AS MATERIALIZED (
          SELECT c.id FROM open o CROSS JOIN LATERAL (
            SELECT id, rank, deadline_at, row FROM {s}.jobs WHERE state = 1 AND queue = o.queue AND name <> ALL ($8) ORDER BY rank, deadline_at, row LIMIT o.room FOR UPDATE SKIP LOCKED) c
          ORDER BY c.rank, c.deadline_at, c.row LIMIT $4),
        taken AS (UPDATE {s}.jobs j SET {{Started}} FROM n WHERE j.id = ANY (ARRAY(SELECT id FROM chosen)) RETURNING {{JobRecord.WholeColumns}}, n.now - j.run_at AS waited, {{IsPaused}} AS is_paused)
        SELECT {{Facts}}, taken.* FROM n LEFT JOIN taken ON true
        """;

    private const string ClaimSuspect = $$"""
        WITH n AS MATERIALIZED (SELECT coalesce($1, statement_timestamp()) AS now),
        promoted AS (SELECT 1 WHERE false),
        chosen AS MATERIALIZED (SELECT id FROM {s}.jobs WHERE state = 2 AND suspect AND owner = $2 AND {{MayClaim}} ORDER BY row LIMIT 1 FOR UPDATE SKIP LOCKED),
        taken AS (UPDATE {s}.jobs j SET {{Started}} FROM n WHERE j.id = ANY (ARRAY(SELECT id FROM chosen)) RETURNING {{JobRecord.WholeColumns}}, n.now - j.run_at AS waited, {{IsPaused}} AS is_paused)
        SELECT {{Facts}}, taken.* FROM n LEFT JOIN taken ON true
        """;

    private const int FactCount = 6;

    private static readonly TimeSpan HeldUpRest = TimeSpan.FromMilliseconds(100);

    // The leases that claims have returned and no end has named yet; and whether a claim failed, so that there may be others.
    private readonly ConcurrentDictionary<long, bool> _handedOut = new();
    private readonly SemaphoreSlim _claiming = new(1, 1);
    private bool _lostAnswer;

    // Whether the last claim left jobs in the queues, and when waiting jobs were last moved up; by claims.
    private volatile bool _leftJobs = true;
    private DateTimeOffset _movedUpAt;

    // So many crashes, and a job runs alone from then on.
    private int Suspicion => _node.MaxCrashes > 1 ? _node.MaxCrashes - 1 : int.MaxValue;

    // One claim at a time: what this node is marked as running and does not know of is then what an answer was lost for.
    public async ValueTask<JobClaims> ClaimAsync(JobClaimRequest request, CancellationToken cancellationToken)
    {
        await _claiming.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_lostAnswer)
            {
                await TakeBackUnknownAsync(cancellationToken);
            }

            _lostAnswer = true; // until the answer is here
            var claims = await ClaimOnceAsync(request, cancellationToken);
            foreach (var job in claims.Jobs)
            {
                _handedOut[job.Lease.Number] = true;
            }

            _lostAnswer = false;
            return claims;
        }
        finally
        {
            _claiming.Release();
        }
    }

    // A claim may have been committed although its answer never came: its jobs would count as running for as long as this node lives.
    private async Task TakeBackUnknownAsync(CancellationToken cancellationToken) => await WriteAsync(
        async (session, outbox) =>
        {
            await TakeBackAsync(session, outbox, NodeId, isCrash: false, known: [.. _handedOut.Keys]);
            return true;
        },
        cancellationToken);

    private async Task<JobClaims> ClaimOnceAsync(JobClaimRequest request, CancellationToken cancellationToken)
    {
        var asked = _polling.Asked();
        await MoveUpAsync(request.StarvationThreshold, cancellationToken);
        var claimed = new List<ClaimedJob>();
        while (true)
        {
            var room = request.Room - claimed.Count;
            var reserved = await ReserveAsync(request, room, claimed, cancellationToken);
            var (facts, found) = await TakeAsync(request, room, claimed, reserved, cancellationToken);
            var hasEndedPauses = facts.PauseIsOver && await EndPausesAsync(cancellationToken);
            var hasFreed = facts.RateIsFree && await EndRatesAsync(cancellationToken);

            var hasSettled = facts.IsUnsettled && await SettleAsync(cancellationToken);
            var (ours, hasGivenBack) = await GiveBackAsync(found, cancellationToken);
            var admission = await AdmitAsync(ours, cancellationToken);
            await ReturnAsync(reserved, admission.Admitted, cancellationToken);
            claimed.AddRange(admission.Admitted.Select(ToClaimed));
            var isFull = found.Count >= room;
            var mayBeMore = isFull || facts.Promoted > 0 || hasEndedPauses || hasFreed || hasSettled || admission.HasQueuedOthers || hasGivenBack;
            if (claimed.Count >= request.Room || !mayBeMore || request.Suspect)
            {
                _leftJobs = isFull;
                _polling.Answered(asked, claimed.Count);
                var suspectWaits = facts.SuspectWaits && !request.Suspect && await AdoptSuspectAsync(cancellationToken);
                var due = reserved.Select(static one => one.FreeIn).Append(facts.NextDue).Append(admission.FreeIn).Min();
                if (facts.PauseIsOver != hasEndedPauses || facts.RateIsFree != hasFreed)
                {
                    due = due > HeldUpRest ? due : HeldUpRest; // another session has what is due: it may be at work on it, or stay so for long
                }

                return new JobClaims(claimed, due < TimeSpan.Zero ? TimeSpan.Zero : due, mayBeMore && !request.Suspect, suspectWaits);
            }
        }
    }

    private async Task<(ClaimFacts Facts, List<Found> Jobs)> TakeAsync(JobClaimRequest request, int room, List<ClaimedJob> claimed, List<Reservation> reserved, CancellationToken cancellationToken)
    {
        ClaimFacts? facts = null;
        var limits = request.RoomOfQueue.Select(limit => (limit.Key, Room: limit.Value - claimed.Count(job => job.Job.Queue == limit.Key)))
            .Where(limit => !reserved.Exists(one => one.Queue == limit.Key)).Concat(reserved.Select(static one => (Key: one.Queue, Room: one.Count))).ToList();
        var rows = await Db.RunAsync(
            session => session.QueryAsync(
                request.Suspect ? ClaimSuspect : ClaimJobs,
                reader =>
                {
                    facts ??= new(reader.GetInt64(0), reader.IsDBNull(1) ? null : reader.GetTimeSpan(1), reader.GetBoolean(2), reader.GetBoolean(3), reader.GetBoolean(4), reader.GetBoolean(5));
                    return reader.IsDBNull(FactCount) ? null : ReadFound(reader);
                },
                request.Suspect
                    ? [PgValue.Time(Now), PgValue.Number(NodeId), PgValue.Text(_node.Name)]
                    :
                    [
                        PgValue.Time(Now), PgValue.Number(NodeId), PgValue.Text(_node.Name), PgValue.Count(room), PgValue.Texts(limits.Select(static limit => limit.Key)),
                        PgValue.List<int>([.. limits.Select(static limit => Math.Max(0, limit.Room))], NpgsqlDbType.Integer), PgValue.Count(Suspicion), PgValue.Texts(_namesOfOthers),
                    ]),
            cancellationToken);
        var found = rows.OfType<Found>().OrderBy(static one => one.Job.Rank).ThenBy(static one => one.DeadlineAt).ThenBy(static one => one.Job.Row).ToList();
        return (facts!, found);
    }

    private static Found ReadFound(Npgsql.NpgsqlDataReader reader)
    {
        var job = JobRecord.Read(reader, FactCount);
        var deadline = job.Job.Deadline is { } span ? job.RunAt + span : DateTimeOffset.MaxValue;
        return new(job, deadline, reader.GetTimeSpan(FactCount + JobRecord.Count), reader.GetBoolean(FactCount + JobRecord.Count + 1));
    }

    private static ClaimedJob ToClaimed(Found found) => new()
    {
        Lease = new(found.Job.Job.Id, found.Job.Row, found.Job.Lease),
        Job = found.Job.Job,
        Attempt = found.Job.Attempt,
        Crashes = found.Job.Crashes,
        EnqueuedAt = found.Job.EnqueuedAt,
        RunAt = found.Job.RunAt,
        Waited = found.Waited,
        LastError = found.Job.LastError,
    };

    // One node at a time keeps itself free for a suspect: the one that has put its name to it. A paused one does not, and takes its name off again.
    private async Task<bool> AdoptSuspectAsync(CancellationToken cancellationToken)
    {
        const string Paused = "EXISTS (SELECT FROM {s}.pauses WHERE scope = 3 AND key = $3 AND (until IS NULL OR until > coalesce($1, statement_timestamp())))";
        Npgsql.NpgsqlParameter[] Parameters() => [PgValue.Time(Now), PgValue.Number(NodeId), PgValue.Text(_node.Name)];

        var isAdopted = await Db.RunAsync(
            async session => await session.RunAsync(
                $$"""
                UPDATE {s}.jobs SET owner = $2
                WHERE id = (SELECT id FROM {s}.jobs WHERE state = 2 AND suspect AND (owner IS NULL OR owner = $2) ORDER BY row LIMIT 1 FOR UPDATE SKIP LOCKED) AND NOT {{Paused}}
                """,
                Parameters()) > 0,
            cancellationToken);
        if (!isAdopted)
        {
            await WriteAsync(
                async (session, outbox) => outbox.Work = await session.RunAsync($"UPDATE {{s}}.jobs SET owner = NULL WHERE state = 2 AND suspect AND owner = $2 AND {Paused}", Parameters()) > 0,
                cancellationToken);
        }

        return isAdopted;
    }

    // Nothing waits for ever: who has waited a threshold long is served as if it were a priority higher, and so on until it is first. Only where claims leave jobs behind does anybody wait.
    private async ValueTask MoveUpAsync(TimeSpan threshold, CancellationToken cancellationToken)
    {
        var now = (_testClock ?? _timers).GetUtcNow();
        if (!_leftJobs || now - _movedUpAt < threshold / LooksPerThreshold)
        {
            return;
        }

        _movedUpAt = now;
        await Db.RunAsync(
            session => session.RunAsync(
                $$"""
                WITH {{Queues}},
                n AS MATERIALIZED (SELECT coalesce($1, statement_timestamp()) AS now),
                old AS MATERIALIZED (
                  SELECT c.id FROM q CROSS JOIN generate_series(1, 4) AS r(rank) CROSS JOIN LATERAL (
                    SELECT id, ranked_at FROM {s}.jobs WHERE state = 1 AND queue = q.queue AND rank = r.rank ORDER BY deadline_at, row LIMIT $3) c
                  WHERE c.ranked_at <= (SELECT now FROM n) - $2)
                UPDATE {s}.jobs j SET rank = j.rank - 1, ranked_at = n.now FROM n
                WHERE j.id = ANY (ARRAY(SELECT id FROM {s}.jobs WHERE id = ANY (ARRAY(SELECT id FROM old)) AND state::int = 1 FOR UPDATE SKIP LOCKED))
                """,
                [PgValue.Time(Now), PgValue.Span(threshold), PgValue.Count(MostMovedUp)]),
            cancellationToken);
    }

    private sealed record ClaimFacts(long Promoted, TimeSpan? NextDue, bool PauseIsOver, bool RateIsFree, bool SuspectWaits, bool IsUnsettled);

    private sealed record Found(JobRecord Job, DateTimeOffset DeadlineAt, TimeSpan Waited, bool IsPaused);
}
