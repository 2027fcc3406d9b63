using System.Data.Common;
using Npgsql;
using Runtime.Hosting;
using Runtime.Hosting.Jobs;

namespace Runtime.Jobs.PostgreSql;

/// <summary>How jobs come in within a transaction of the caller's. Nobody knows how long that stays open, so it holds no row that anybody else needs.</summary>
internal sealed partial class PostgreSqlJobStore
{
    // How many are settled by one claim.
    private const string MostSettled = "100";

    private async Task<IReadOnlyList<JobReceipt>> EnqueueInAsync(IReadOnlyList<NewJob> jobs, DbTransaction transaction, CancellationToken cancellationToken)
    {
        if (transaction is not NpgsqlTransaction { Connection: { } connection } || !Db.IsSame(connection))
        {
            throw new NotSupportedException(
                $"A {transaction.GetType().Name} cannot be joined: the jobs are in the PostgreSQL database '{Db.Name}' on '{Db.Host}'. Begin the transaction on a connection to that database, or enqueue after it has committed.");
        }

        try
        {
            var session = new Session(Db, connection, cancellationToken);
            var receipts = new List<JobReceipt>(jobs.Count);
            while (receipts.Count < jobs.Count)
            {
                List<NewJob> plain = [.. jobs.Skip(receipts.Count).TakeWhile(static job => job.UniqueKey is null && job.After is null)];
                receipts.AddRange(plain.Count > 0 ? await AddPlainAsync(session, plain) : [await JoinAsync(session, jobs[receipts.Count])]);
            }

            _polling.Quicken(); // nobody tells us of a foreign commit: look more often for a while
            _listener.WorkArrived();
            return receipts;
        }
        catch (NpgsqlException exception)
        {
            throw Db.Explain(exception);
        }
    }

    // A key that is held is read and not touched: to touch it would hold up the end of the job that has it. A job to wait for is looked for after the commit.
    private async Task<JobReceipt> JoinAsync(Session session, NewJob job)
    {
        if (job.UniqueKey is not null)
        {
            var holders = await session.QueryAsync(
                "SELECT job FROM {s}.keys WHERE key = $1 AND name = $2 AND until > coalesce($3, statement_timestamp())", static reader => reader.GetGuid(0), [PgValue.Text(job.UniqueKey), PgValue.Text(job.Name), PgValue.Time(Now)]);
            if (holders is [var holder] && holder != job.Id)
            {
                return new(holder, IsDuplicate: true);
            }
        }

        var receipt = (job.UniqueKey is null ? await AddPlainAsync(session, [job]) : await AddUniqueAsync(session, [job])).Single();
        if (job.After is not null && !receipt.IsDuplicate)
        {
            await session.RunAsync("UPDATE {s}.jobs SET unsettled = true WHERE id = $1 AND state::int = 3", [PgValue.Id(job.Id)]);
        }

        return receipt;
    }

    // By the claims, soon after the commit. The parent's row first, as everywhere: its end comes before this, and is seen, or after it, and sees the mark.
    private async Task<bool> SettleAsync(CancellationToken cancellationToken)
    {
        var children = await Db.RunAsync(
            session => session.QueryAsync(
                $"SELECT id, parent, parent_on FROM {{s}}.jobs WHERE unsettled ORDER BY row LIMIT {MostSettled}",
                static reader => (Id: reader.GetGuid(0), Parent: reader.GetGuid(1), On: (JobContinuation)reader.GetInt16(2)),
                []),
            cancellationToken);
        var hasSettled = false;
        foreach (var child in children)
        {
            hasSettled |= await WriteAsync(
                async (session, outbox) =>
                {
                    var parent = await DecideAsync(session, child.Parent);
                    var states = await session.QueryAsync("UPDATE {s}.jobs SET unsettled = false WHERE id = $1 AND unsettled RETURNING state", static reader => (JobState)reader.GetInt16(0), [PgValue.Id(child.Id)]);
                    if (states is [JobState.Waiting] && !parent.IsLive)
                    {
                        await ReleaseAsync(session, [(child.Id, child.On, child.Parent, parent.End)], outbox);
                    }

                    return states.Count > 0;
                },
                cancellationToken);
        }

        return hasSettled;
    }
}
