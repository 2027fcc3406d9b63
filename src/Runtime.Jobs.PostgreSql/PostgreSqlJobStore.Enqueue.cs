using System.Buffers.Binary;
using System.Data.Common;
using Npgsql;
using Runtime.Hosting;
using Runtime.Hosting.Jobs;

namespace Runtime.Jobs.PostgreSql;

/// <summary>How jobs come in.</summary>
internal sealed partial class PostgreSqlJobStore
{
    // The last millisecond of the year 9999 since 1970.
    private const long LastMillisecond = 253_402_300_799_999;

    // A job's id tells when it was made; its history cannot be older. Clocks of machines differ, so look this much further back.
    private static readonly TimeSpan ClockDifference = TimeSpan.FromHours(1);

    // $28: since when a finished job of one of the ids is looked for.
    private const string Target = """
        INSERT INTO {s}.jobs (id, name, queue, state, priority, rank, run_at, deadline_at, ranked_at, enqueued_at, max_attempts, args, deadline, timeout, retry_delay, unique_key, uniqueness,
          unique_period, concurrency_key, concurrency_limit, tags, trace, parent, parent_on, schedule, batch, members, members_left,
          rate_key, rate_limit, rate_period)
        SELECT t.id, t.name, t.queue, CASE WHEN t.parent IS NOT NULL OR t.members > 0 THEN 3 WHEN t.due > t.now THEN 0 ELSE 1 END, t.priority, t.priority, t.due, coalesce(t.due + t.deadline, 'infinity'), t.now, t.now,
          t.max_attempts, t.args, t.deadline, t.timeout, t.retry_delay, t.unique_key, t.uniqueness, t.unique_period, t.concurrency_key, t.concurrency_limit, coalesce(string_to_array(t.tags, E'\n'), '{}'),
          t.trace, t.parent, t.parent_on, t.schedule, t.batch, t.members, t.members,
          t.rate_key, t.rate_limit, t.rate_period
        FROM t
        WHERE (SELECT true FROM {s}.history h WHERE h.id = t.id AND h.finished_at >= $28 LIMIT 1) IS NULL
        """;

    private const string InsertPlain = $"""
        WITH t AS ({NewJobs.Table})
        {Target}
        ORDER BY t.number
        ON CONFLICT (id) DO NOTHING
        """;

    // A key whose holder's time is up is taken over; one that is held stays as it is and is locked, so that its holder cannot go before the next statement reads it.
    private const string InsertUnique = $$"""
        WITH t AS ({{NewJobs.Table}}),
        taken AS (
          INSERT INTO {s}.keys AS k (name, key, job, until)
          SELECT t.name, t.unique_key, t.id, CASE WHEN t.uniqueness = 2 THEN t.now + t.unique_period ELSE 'infinity' END FROM t
          WHERE (SELECT true FROM {s}.history h WHERE h.id = t.id AND h.finished_at >= $28 LIMIT 1) IS NULL ORDER BY t.name, t.unique_key
          ON CONFLICT (name, key) DO UPDATE SET job = excluded.job, until = excluded.until WHERE k.until <= coalesce($1, statement_timestamp()) OR k.job = excluded.job
          RETURNING k.job)
        {{Target}} AND t.id IN (SELECT job FROM taken)
        ORDER BY t.number
        ON CONFLICT (id) DO NOTHING
        """;

    public async ValueTask<IReadOnlyList<JobReceipt>> EnqueueAsync(IReadOnlyList<NewJob> jobs, DbTransaction? transaction, CancellationToken cancellationToken)
    {
        if (jobs.Count == 0)
        {
            return [];
        }

        if (transaction is not null)
        {
            return await EnqueueInAsync(jobs, transaction, cancellationToken);
        }

        var receipts = jobs.Any(static job => job.UniqueKey is not null || job.After is not null)
            ? await WriteAsync((session, outbox) => AddAllAsync(session, jobs, outbox), cancellationToken)
            : await Batcher.AddAsync(jobs, cancellationToken);
        Tell(new Outbox { Work = true });
        return receipts;
    }

    /// <summary>Stores jobs that have neither a unique key nor a job to wait for; for the batcher.</summary>
    private Task<int> InsertPlainAsync(IReadOnlyList<NewJob> jobs, CancellationToken cancellationToken) =>
        Db.RunAsync(session => session.RunAsync(InsertPlain, Parameters(jobs)), cancellationToken);

    private NpgsqlParameter[] Parameters(IReadOnlyList<NewJob> jobs) => [.. NewJobs.Of(jobs, Now), PgValue.Time(MadeSince(jobs))];

    // The time within the first 48 bits of an id of version 7 (RFC 9562). Any other id may be as old as the history.
    private static DateTimeOffset MadeSince(IReadOnlyList<NewJob> jobs)
    {
        var earliest = DateTimeOffset.MaxValue;
        Span<byte> bytes = stackalloc byte[16];
        foreach (var job in jobs)
        {
            job.Id.TryWriteBytes(bytes, bigEndian: true, out _);
            var milliseconds = BinaryPrimitives.ReadInt64BigEndian(bytes) >>> 16;
            var made = job.Id.Version == 7 && milliseconds <= LastMillisecond ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) : DateTimeOffset.UnixEpoch;
            earliest = made < earliest ? made : earliest;
        }

        return earliest <= DateTimeOffset.UnixEpoch + ClockDifference ? DateTimeOffset.UnixEpoch : earliest - ClockDifference;
    }

    // In order, as far as it matters: one that waits for another of the same call comes after it.
    private async Task<IReadOnlyList<JobReceipt>> AddAllAsync(Session session, IReadOnlyList<NewJob> jobs, Outbox outbox)
    {
        var receipts = new List<JobReceipt>(jobs.Count);
        while (receipts.Count < jobs.Count)
        {
            var first = jobs[receipts.Count];
            var alike = jobs.Skip(receipts.Count).TakeWhile(job => (job.UniqueKey is null) == (first.UniqueKey is null) && job.After is null && first.After is null);
            if (first.After is not null)
            {
                receipts.Add(await AddChildAsync(session, first, outbox));
            }
            else if (first.UniqueKey is null)
            {
                receipts.AddRange(await AddPlainAsync(session, [.. alike]));
            }
            else
            {
                // Of jobs with the same key the first is stored; a statement cannot write a key twice.
                var keys = new HashSet<(string, string?)>();
                receipts.AddRange(await AddUniqueAsync(session, [.. alike.TakeWhile(job => keys.Add((job.Name, job.UniqueKey)))]));
            }
        }

        return receipts;
    }

    private async Task<IEnumerable<JobReceipt>> AddPlainAsync(Session session, List<NewJob> jobs)
    {
        await session.RunAsync(InsertPlain, Parameters(jobs));
        return jobs.Select(static job => new JobReceipt(job.Id, IsDuplicate: false));
    }

    private async Task<IEnumerable<JobReceipt>> AddUniqueAsync(Session session, List<NewJob> jobs)
    {
        for (var isAgain = false; ; isAgain = true)
        {
            await session.RunAsync(InsertUnique, Parameters(jobs));
            var found = await session.QueryAsync(
                "SELECT k.name, k.key, k.job, k.until = 'infinity' AND NOT EXISTS (SELECT FROM {s}.jobs j WHERE j.id = k.job) FROM {s}.keys k WHERE k.key = ANY($1) AND k.name = ANY($2)",
                static reader => (Key: (PgText.Decode(reader.GetString(0)), PgText.Decode(reader.GetString(1))), Job: reader.GetGuid(2), IsOrphan: reader.GetBoolean(3)),
                [PgValue.Texts(jobs.Select(static job => job.UniqueKey)), PgValue.Texts(jobs.Select(static job => job.Name).Distinct(StringComparer.Ordinal))]);
            if (!isAgain && found.Exists(static one => one.IsOrphan))
            {
                // Its job was deleted by hand, perhaps: it would swallow every job of the key from now on.
                await session.RunAsync("DELETE FROM {s}.keys k WHERE k.job = ANY($1) AND NOT EXISTS (SELECT FROM {s}.jobs j WHERE j.id = k.job)", [PgValue.Ids(found.Where(static one => one.IsOrphan).Select(static one => one.Job))]);
                continue;
            }

            var holders = found.ToDictionary(static one => one.Key, static one => one.Job);
            return jobs.Select(job =>
            {
                var holder = holders.GetValueOrDefault((job.Name, job.UniqueKey!), job.Id); // nobody: the job was stored by an earlier try, and is over
                return new JobReceipt(holder, holder != job.Id);
            });
        }
    }

    private async Task<JobReceipt> AddChildAsync(Session session, NewJob job, Outbox outbox)
    {
        var parent = await DecideAsync(session, job.After!.Value);
        var receipt = (job.UniqueKey is null ? await AddPlainAsync(session, [job]) : await AddUniqueAsync(session, [job])).Single();
        if (parent is { IsLive: false } over && !receipt.IsDuplicate)
        {
            await ReleaseAsync(session, [(job.Id, job.On, job.After!.Value, over.End)], outbox); // it does not wait
        }

        return receipt;
    }

    // Marks the parent, or finds how it ended. Who ends a job holds its row, so either it sees the mark, or its end is seen here once it has committed.
    private static async Task<ParentState> DecideAsync(Session session, Guid parent)
    {
        if (await session.RunAsync("UPDATE {s}.jobs SET has_children = true WHERE id = $1", [PgValue.Id(parent)]) > 0)
        {
            return new(IsLive: true, null);
        }

        var ended = await session.ScalarAsync<short?>("SELECT state FROM {s}.history WHERE id = $1", [PgValue.Id(parent)]);
        return new(IsLive: false, (JobState?)ended);
    }

    private sealed record ParentState(bool IsLive, JobState? End);
}
