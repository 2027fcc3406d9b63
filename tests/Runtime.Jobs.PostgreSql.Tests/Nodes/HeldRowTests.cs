using Npgsql;
using Runtime.Core;
using Runtime.Hosting;
using Runtime.Hosting.Jobs;
using Runtime.Jobs.PostgreSql.Tests.Server;

namespace Runtime.Jobs.PostgreSql.Tests.Nodes;

/// <summary>A row that a claim would change is held by somebody else's transaction.</summary>
[Collection(PostgreSqlCollection.Name)]
public sealed class HeldRowTests(PostgreSqlServer server)
{
    private readonly string _schema = $"t{Guid.NewGuid():N}";

    [Theory]
    [InlineData("rates")]
    [InlineData("pauses")]
    public async Task Claim_WhileTheRowOfWhatIsDueIsHeld_GivesOtherJobs_AndDoesNotAskAgainAtOnce(string table)
    {
        await using var node = await OpenAsync();
        Guid held;
        if (table == "rates")
        {
            var job = StoreNode.Job() with { RateKey = "r", RateLimit = 1, RatePeriod = TimeSpan.FromMilliseconds(200) };
            await node.EnqueueAsync(job);
            (await node.ClaimAsync()).ShouldHaveSingleItem();
            held = await node.EnqueueAsync(job with { Id = Guid.CreateVersion7() });
        }
        else
        {
            held = await node.EnqueueAsync(StoreNode.Job() with { Name = "another" });
            await node.Store.PauseAsync(new JobPause(JobPauseScope.Name, "another", null, TimeProvider.System.GetUtcNow().AddMilliseconds(300)), CancellationToken.None);
        }

        (await node.ClaimAsync()).ShouldBeEmpty();
        await using (var connection = new NpgsqlConnection(server.ConnectionString + ";Pooling=false"))
        {
            await connection.OpenAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            await using var command = new NpgsqlCommand($"SELECT 1 FROM {_schema}.{table} FOR UPDATE", connection, transaction);
            await command.ExecuteNonQueryAsync();
            await Eventually.TrueAsync(async () => await IsDueAsync(table));
            var other = await node.EnqueueAsync(StoreNode.Job());

            var claims = await node.Store.ClaimAsync(new JobClaimRequest { Room = 100, StarvationThreshold = TimeSpan.FromDays(1) }, CancellationToken.None).AsTask().WaitAsync(TimeSpan.FromSeconds(60));

            claims.Jobs.ShouldHaveSingleItem().Job.Id.ShouldBe(other);
            claims.MayHaveMore.ShouldBeFalse();
            claims.NextDue.ShouldNotBeNull().ShouldBeGreaterThan(TimeSpan.FromMilliseconds(50));
        }

        await Eventually.TrueAsync(async () => (await node.ClaimAsync()).Any(job => job.Job.Id == held));
    }

    [Fact]
    public async Task Claim_OfAJobThatComesAfterThoseThatWaitForTheirRate_DoesNotOvertakeThem()
    {
        await using var node = await OpenAsync();
        var job = StoreNode.Job() with { RateKey = "r", RateLimit = 1, RatePeriod = TimeSpan.FromMilliseconds(100) };
        var wanted = new List<Guid>();
        for (var i = 0; i < 5; i++)
        {
            wanted.Add(await node.EnqueueAsync(job with { Id = Guid.CreateVersion7(), Priority = TaskPriority.High }));
        }

        var started = new List<Guid>();
        await Eventually.TrueAsync(async () =>
        {
            await node.EnqueueAsync(job with { Id = Guid.CreateVersion7(), Priority = TaskPriority.Low });
            started.AddRange((await node.ClaimAsync()).Select(static claimed => claimed.Job.Id));
            return started.Count >= wanted.Count;
        });

        started.Take(wanted.Count).ShouldBe(wanted);
    }

    private Task<StoreNode> OpenAsync() => StoreNode.OpenAsync(server.ConnectionString, _schema, static options => options.NodeLease = TimeSpan.FromMinutes(1));

    private async Task<bool> IsDueAsync(string table)
    {
        await using var connection = new NpgsqlConnection(server.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"SELECT EXISTS (SELECT FROM {_schema}.{table} WHERE {(table == "rates" ? "free_at" : "until")} <= statement_timestamp())", connection);
        return (bool)(await command.ExecuteScalarAsync())!;
    }
}
