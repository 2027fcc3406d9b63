using System.Globalization;
using Runtime.Hosting;

namespace Runtime.Jobs.PostgreSql;

/// <summary>Nodes that come, go and die.</summary>
internal sealed partial class PostgreSqlJobStore : INodeLeaseOwner
{
    // $1 now, $2 names.
    private const string ReleaseParked = """
        UPDATE {s}.jobs SET state = 1, attempt = 0, reason = NULL, rank = priority, run_at = n.now, ranked_at = n.now, deadline_at = coalesce(n.now + deadline, 'infinity')
        FROM (SELECT coalesce($1, statement_timestamp()) AS now) n WHERE state = 13 AND name = ANY($2)
        """;

    bool INodeLeaseOwner.IsWatching => _notifications is not { IsListening: true } && !Lease.IsAlone && _listener.Awaited.Count > 0;

    async Task INodeLeaseOwner.LookForEndsAsync(CancellationToken cancellationToken)
    {
        var awaited = _listener.Awaited;
        if (awaited.Count == 0)
        {
            return;
        }

        var ended = await Db.RunAsync(
            session => session.QueryAsync(
                "SELECT a.id FROM unnest($1::uuid[]) AS a(id) WHERE (SELECT true FROM {s}.jobs j WHERE j.id = a.id AND j.state <> 13 LIMIT 1) IS NULL", static reader => reader.GetGuid(0), [PgValue.Ids(awaited)]),
            cancellationToken);
        foreach (var id in ended)
        {
            _listener.JobEnded(id);
        }
    }

    void INodeLeaseOwner.LeasesLost(string reason) => _listener.LeasesLost(reason);

    async Task INodeLeaseOwner.CancelAsync(Guid[] jobs, CancellationToken cancellationToken)
    {
        var reasons = await Db.RunAsync(
            session => session.QueryAsync(
                "SELECT id, reason FROM {s}.jobs WHERE id = ANY($1) AND state::int = 4 AND cancel",
                static reader => (Id: reader.GetGuid(0), Reason: reader.IsDBNull(1) ? null : PgText.Decode(reader.GetString(1))),
                [PgValue.Ids(jobs)]),
            cancellationToken);
        foreach (var (id, reason) in reasons)
        {
            _listener.CancellationRequested(id, reason);
        }
    }

    async Task INodeLeaseOwner.TakeOverAsync(long node, CancellationToken cancellationToken) =>
        await WriteAsync((session, outbox) => TakeOverAsync(session, outbox, node), cancellationToken);

    // Of all who see that a node is dead, one gets the lock. It is dead only if its row is still late: the renewal and this deletion wait for each other.
    private async Task<bool> TakeOverAsync(Session session, Outbox outbox, long node)
    {
        if (!await session.ScalarAsync<bool>("SELECT pg_try_advisory_xact_lock(hashtextextended('{s}.nodes', $1))", [PgValue.Number(node)]))
        {
            return false;
        }

        await session.RunAsync("DELETE FROM {s}.nodes WHERE id = $1 AND expires_at < clock_timestamp()", [PgValue.Number(node)]);
        if (await session.ScalarAsync<bool>("SELECT EXISTS (SELECT FROM {s}.nodes WHERE id = $1)", [PgValue.Number(node)]))
        {
            return false;
        }

        await TakeBackAsync(session, outbox, node, isCrash: true);
        return true;
    }

    // What a node has left running goes back to the queues; a statement later than the one that has removed the node, so that it sees whatever that one had claimed.
    private async Task TakeBackAsync(Session session, Outbox outbox, long node, bool isCrash, long[]? known = null)
    {
        await session.RunAsync("UPDATE {s}.jobs SET owner = NULL WHERE state = 2 AND suspect AND owner = $1", [PgValue.Number(node)]);
        var jobs = await session.QueryAsync(
            $"SELECT {JobRecord.ListedColumns} FROM {{s}}.jobs j WHERE j.state = 4 AND j.owner = $1 AND NOT (j.lease = ANY($2)) ORDER BY j.id FOR UPDATE",
            JobRecord.Read,
            [PgValue.Number(node), PgValue.List<long>(known ?? [], NpgsqlTypes.NpgsqlDbType.Bigint)]);
        var over = new List<Over>();
        var again = new List<NextTime>();
        foreach (var job in jobs)
        {
            if (job.CancelRequested)
            {
                over.Add(new(job.Job.Id, job.Lease, JobState.Cancelled, job.Reason, default));
            }
            else if (isCrash && job.Crashes + 1 >= _node.MaxCrashes)
            {
                over.Add(new(job.Job.Id, job.Lease, JobState.Failed, string.Create(CultureInfo.InvariantCulture, $"The process died {job.Crashes + 1} times while it ran."), default));
            }
            else
            {
                again.Add(new(job.Job.Id, job.Lease, isCrash ? NodeDied : (int)Hosting.Jobs.JobEndingKind.Interrupted, isCrash ? $"The process {job.Node} went away while it ran." : known is null ? "The process stopped." : null, TimeSpan.Zero));
            }
        }

        await EndAllAsync(session, jobs, over, again, outbox);
    }

    // What this process can run that knows more names.
    private async Task ReleaseParkedAsync(CancellationToken cancellationToken)
    {
        if (_node.JobNames.Count == 0)
        {
            return;
        }

        await WriteAsync(
            async (session, outbox) =>
            {
                var released = await session.RunAsync(ReleaseParked, [PgValue.Time(Now), PgValue.Texts(_node.JobNames)]);
                outbox.Work = released > 0;
                return true;
            },
            cancellationToken);
    }
}
