using Npgsql;
using Runtime.Hosting;
using Runtime.Hosting.Jobs;
using Runtime.Jobs.PostgreSql.Tests.Server;

namespace Runtime.Jobs.PostgreSql.Tests.Nodes;

/// <summary>Nodes that know different kinds of jobs, and unique keys whose jobs are retried and discarded at the same moment.</summary>
[Collection(PostgreSqlCollection.Name)]
public sealed class KindsAndKeysTests(PostgreSqlServer server)
{
    private readonly string _schema = $"t{Guid.NewGuid():N}";

    [Fact]
    public async Task AKind_ThatAnotherNodeKnows_IsLeftToIt()
    {
        await using var one = await OpenAsync("known");
        await using var other = await OpenAsync("known", "another");
        var ids = new List<Guid>();
        for (var i = 0; i < 20; i++)
        {
            ids.Add(await one.EnqueueAsync(StoreNode.Job() with { Name = i % 2 == 0 ? "known" : "another", ConcurrencyKey = i % 3 == 0 ? "k" : null, ConcurrencyLimit = 100 }));
        }

        var ours = await one.ClaimAsync(room: 15);
        var theirs = await other.ClaimAsync();

        ours.Select(static job => job.Job.Id).ShouldBe(ids.Where((_, i) => i % 2 == 0), ignoreOrder: true);
        theirs.Select(static job => job.Job.Id).ShouldBe(ids.Where((_, i) => i % 2 == 1), ignoreOrder: true);
        theirs.ShouldAllBe(static job => job.Attempt == 1);
    }

    [Fact]
    public async Task AKind_ThatNobodyElseKnows_IsClaimed_AndSoIsOneThatNobodyKnowsAnyMore()
    {
        await using var one = await OpenAsync("known");
        await one.EnqueueAsync(StoreNode.Job() with { Name = "nobody's" });
        (await one.ClaimAsync()).Count.ShouldBe(1, "to be parked");
        var other = await OpenAsync("another");
        await one.EnqueueAsync(StoreNode.Job() with { Name = "another" });
        (await one.ClaimAsync()).ShouldBeEmpty();

        await other.DisposeAsync();

        await Eventually.TrueAsync(async () => (await one.ClaimAsync()).Count == 1);
    }

    [Fact]
    public async Task RetryAndDiscard_OfTheSameJobsAtOnce_LeaveNoKeyWithoutAJob()
    {
        await using var one = await OpenAsync("known");
        await using var other = await OpenAsync("known");
        for (var round = 0; round < 8; round++)
        {
            var keys = Enumerable.Range(0, 40).Select(static i => $"key {i}").ToList();
            await one.Store.EnqueueAsync([.. keys.Select(static key => StoreNode.Job() with { UniqueKey = key })], null, CancellationToken.None);
            await one.Store.EndAsync([.. (await one.ClaimAsync()).Select(static job => new JobEnding(job.Lease, JobEndingKind.Failed))], CancellationToken.None);
            var failed = new JobFilter { States = [JobState.Failed] };

            await Task.WhenAll(
                Task.Run(async () => await one.Store.RetryAsync(failed, CancellationToken.None)),
                Task.Run(async () => await other.Store.DiscardAsync(failed, CancellationToken.None)));

            (await CountAsync("SELECT count(*) FROM {s}.keys k WHERE NOT EXISTS (SELECT FROM {s}.jobs j WHERE j.id = k.job)")).ShouldBe(0, "such a key swallows each job that comes with it");
            await one.Store.DiscardAsync(new JobFilter(), CancellationToken.None);
            (await CountAsync("SELECT count(*) FROM {s}.keys")).ShouldBe(0);
        }
    }

    [Fact]
    public async Task AKey_WhoseJobIsGone_IsTakenOver()
    {
        await using var node = await OpenAsync("known");
        await node.EnqueueAsync(StoreNode.Job() with { UniqueKey = "key" });
        await CountAsync("WITH gone AS (DELETE FROM {s}.jobs RETURNING 1) SELECT count(*) FROM gone");

        var next = StoreNode.Job() with { UniqueKey = "key" };

        (await node.EnqueueAsync(next)).ShouldBe(next.Id);
        (await node.ClaimAsync()).ShouldHaveSingleItem().Job.Id.ShouldBe(next.Id);
    }

    private Task<StoreNode> OpenAsync(params string[] names) => StoreNode.OpenAsync(server.ConnectionString, _schema, names: names);

    private async Task<long> CountAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(server.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql.Replace("{s}", _schema, StringComparison.Ordinal), connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
