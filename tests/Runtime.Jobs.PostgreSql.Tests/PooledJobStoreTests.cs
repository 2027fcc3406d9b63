using Runtime.Hosting;
using Runtime.Hosting.Jobs;
using Runtime.Jobs.Conformance;
using Runtime.Jobs.PostgreSql.Tests.Nodes;
using Runtime.Jobs.PostgreSql.Tests.Server;

namespace Runtime.Jobs.PostgreSql.Tests;

/// <summary>The whole suite once more, through PgBouncer in transaction mode.</summary>
public sealed class PooledJobStoreTests(PooledServer server) : JobStoreConformanceTests, IClassFixture<PooledServer>
{
    protected override IJobStore Create(TimeProvider clock) => new PostgreSqlJobStore(server.ConnectionString, new PostgreSqlJobOptions { Schema = $"t{Guid.NewGuid():N}" }, TimeProvider.System, clock);

    [Fact]
    public async Task Pooler_IsSeen_AndEndsOnAnotherNodeAreFoundByLooking()
    {
        var schema = $"t{Guid.NewGuid():N}";
        await using var one = await StoreNode.OpenAsync(server.ConnectionString, schema);
        await using var other = await StoreNode.OpenAsync(server.ConnectionString, schema);
        (await Database.ConnectAsync(server.ConnectionString, schema, listens: true, CancellationToken.None)).IsPooled.ShouldBeTrue();
        var id = await one.EnqueueAsync(StoreNode.Job());
        one.Listener.AwaitedJobs[id] = true;
        var claimed = (await other.ClaimAsync()).ShouldHaveSingleItem();

        await other.Store.EndAsync([new JobEnding(claimed.Lease, JobEndingKind.Succeeded)], CancellationToken.None);

        await Eventually.TrueAsync(() => one.Listener.Ended.Contains(id));
    }
}
