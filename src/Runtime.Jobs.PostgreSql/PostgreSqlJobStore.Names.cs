using NpgsqlTypes;

namespace Runtime.Jobs.PostgreSql;

/// <summary>Kinds of jobs that this process does not know: those that another one knows are left to it, and the rest is claimed and parked.</summary>
internal sealed partial class PostgreSqlJobStore
{
    // Of those that are unknown here, the names that $1, this node, has to leave to others.
    private const string KnownElsewhere = """
        SELECT DISTINCT o.name FROM {s}.nodes n CROSS JOIN unnest(n.names) AS o(name) WHERE n.id <> $1 AND n.expires_at >= clock_timestamp() AND o.name = ANY($2)
        """;

    // Names, replaced as a whole. One that is no longer known elsewhere is claimed again from the next renewal on.
    private volatile string[] _namesOfOthers = [];

    async Task INodeLeaseOwner.LookForNamesAsync(CancellationToken cancellationToken)
    {
        if (_namesOfOthers is { Length: > 0 } names)
        {
            _namesOfOthers = await NamesOfOthersAsync(names, cancellationToken);
        }
    }

    // Found out when the first of them has been claimed, so no time passes in which a new kind, of a process that has just started, is parked by an older one.
    private async ValueTask<(List<Found> Ours, bool HasGivenBack)> GiveBackAsync(List<Found> found, CancellationToken cancellationToken)
    {
        var unknown = _node.JobNames.Count == 0 ? [] : found.Select(static one => one.Job.Job.Name).Except(_node.JobNames, StringComparer.Ordinal).ToArray();
        var others = unknown.Length == 0 || Lease.Id == 0 ? [] : await NamesOfOthersAsync(unknown, cancellationToken);
        if (others.Length == 0)
        {
            return (found, HasGivenBack: false);
        }

        _namesOfOthers = [.. _namesOfOthers.Union(others, StringComparer.Ordinal)];
        var theirs = found.Where(one => others.Contains(one.Job.Job.Name, StringComparer.Ordinal)).ToList();
        await WriteAsync(
            async (session, outbox) =>
            {
                outbox.Work = true;
                return await session.RunAsync(
                    $"UPDATE {{s}}.jobs j SET state = CASE WHEN crashes > 0 THEN 0 ELSE 1 END, attempt = attempt - 1, {Unstarted} WHERE id = ANY($1) AND lease = ANY($2) AND state::int = 4",
                    [PgValue.Ids(theirs.Select(static one => one.Job.Job.Id)), PgValue.List<long>([.. theirs.Select(static one => one.Job.Lease)], NpgsqlDbType.Bigint)]);
            },
            cancellationToken);
        return ([.. found.Where(one => !others.Contains(one.Job.Job.Name, StringComparer.Ordinal))], HasGivenBack: true);
    }

    private async Task<string[]> NamesOfOthersAsync(string[] names, CancellationToken cancellationToken) => [.. await Db.RunAsync(
        session => session.QueryAsync(KnownElsewhere, static reader => PgText.Decode(reader.GetString(0)), [PgValue.Number(NodeId), PgValue.Texts(names)]), cancellationToken)];
}
