using System.Globalization;
using Npgsql;
using Runtime.Hosting.Jobs;
using Runtime.Jobs.PostgreSql.Tests.Server;
using Xunit.Abstractions;

namespace Runtime.Jobs.PostgreSql.Tests.Nodes;

/// <summary>The planner may know nothing of a table, or remember how empty it was an hour ago: whatever it knows, no statement of the daily work may read whole tables.</summary>
[Collection(PostgreSqlCollection.Name)]
public sealed class PlanTests(PostgreSqlServer server, ITestOutputHelper output)
{
    private const int Jobs = 4000;

    private readonly string _schema = $"t{Guid.NewGuid():N}";

    [Theory]
    [InlineData(Knowledge.None)]
    [InlineData(Knowledge.OfEmptyTables)]
    [InlineData(Knowledge.OfEmptyTablesThatWereFull)]
    internal async Task Work_WhateverThePlannerKnows_ReadsNoWholeTable(Knowledge knowledge)
    {
        await using (var first = await OpenAsync())
        {
            if (knowledge == Knowledge.OfEmptyTablesThatWereFull)
            {
                await WorkAsync(first, Jobs);
            }

            if (knowledge != Knowledge.None)
            {
                await ExecuteAsync("VACUUM (ANALYZE)");
            }
        }

        var before = await ReadAsync();
        await using (var second = await OpenAsync())
        {
            await WorkAsync(second, Jobs);
        }

        var read = (await ReadAsync()).Select(table => (Table: table.Key, Rows: table.Value - before.GetValueOrDefault(table.Key))).Where(static table => table.Rows > 0).ToList();
        output.WriteLine(string.Join(", ", read.Select(static table => string.Create(CultureInfo.InvariantCulture, $"{table.Table}: {table.Rows}"))));
        read.Where(static table => table.Rows > MostReads(table.Table) * Jobs).ShouldBeEmpty("too many rows were read of these tables, without an index, or of these indexes");
    }

    // For each job: its row is found by its id a few times while it comes, runs and goes; of a queue's index the entries of those that have gone are read too.
    private static int MostReads(string table) => table switch
    {
        "jobs_pkey" => 8,
        "jobs_queued" => 4,
        _ when table.StartsWith("jobs_", StringComparison.Ordinal) => 2,
        _ => 1,
    };

    private async Task WorkAsync(StoreNode node, int count)
    {
        var last = Guid.Empty;
        for (var left = count; left > 0;)
        {
            var jobs = Enumerable.Range(0, 50).Select(i => Job(i, last)).ToList();
            var batch = StoreNode.Job() with { Name = "runtime:batch", Members = 5 };
            await node.Store.EnqueueAsync([.. jobs, batch, .. Enumerable.Range(0, batch.Members).Select(_ => StoreNode.Job() with { Batch = batch.Id })], null, CancellationToken.None);
            last = jobs[^1].Id;
            left -= jobs.Count + batch.Members;
            if (left % 4 == 0)
            {
                await EndAsync(node, await node.ClaimAsync(50)); // fewer than come: the table fills
            }
        }

        while (await node.ClaimAsync(50) is { Count: > 0 } claims)
        {
            await EndAsync(node, claims);
        }
    }

    private static NewJob Job(int i, Guid last) => StoreNode.Job() with
    {
        UniqueKey = i % 10 == 0 ? Guid.NewGuid().ToString() : null,
        ConcurrencyKey = i % 10 == 1 ? Guid.NewGuid().ToString() : null,
        ConcurrencyLimit = 100,
        RateKey = i % 10 == 2 ? Guid.NewGuid().ToString() : null,
        RateLimit = 1_000_000,
        RatePeriod = TimeSpan.FromHours(1),
        After = i % 10 == 3 && last != Guid.Empty ? last : null,
    };

    private static async Task EndAsync(StoreNode node, IReadOnlyList<ClaimedJob> claims)
    {
        await node.Store.ReportAsync([.. claims.Select(static job => new JobReport(job.Lease, new(0.5, null)))], CancellationToken.None);
        await node.Store.EndAsync([.. claims.Select(static (job, i) => new JobEnding(job.Lease, i % 20 == 0 && job.Attempt < 2 ? JobEndingKind.Retry : JobEndingKind.Succeeded))], CancellationToken.None);
    }

    private Task<StoreNode> OpenAsync() => StoreNode.OpenAsync(server.ConnectionString, _schema, static options => options.NodeLease = TimeSpan.FromMinutes(1));

    // A process of the server hands its counts in when its connection ends, at the latest.
    private async Task<Dictionary<string, long>> ReadAsync()
    {
        NpgsqlConnection.ClearAllPools();
        await Task.Delay(TimeSpan.FromSeconds(1.5), TimeProvider.System);
        var tables = new Dictionary<string, long>(StringComparer.Ordinal);
        await using var connection = new NpgsqlConnection(server.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("SELECT relname, seq_tup_read FROM pg_stat_all_tables WHERE schemaname = $1 UNION ALL SELECT indexrelname, idx_tup_read FROM pg_stat_all_indexes WHERE schemaname = $1", connection) { Parameters = { new() { Value = _schema } } };
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            tables.Add(reader.GetString(0), reader.GetInt64(1));
        }

        return tables;
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(server.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    internal enum Knowledge
    {
        None,
        OfEmptyTables,
        OfEmptyTablesThatWereFull,
    }
}
