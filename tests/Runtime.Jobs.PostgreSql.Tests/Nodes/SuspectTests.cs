using Npgsql;
using Runtime.Hosting;
using Runtime.Hosting.Jobs;
using Runtime.Jobs.PostgreSql.Tests.Server;

namespace Runtime.Jobs.PostgreSql.Tests.Nodes;

/// <summary>Jobs in which a process has died so often that they run alone.</summary>
[Collection(PostgreSqlCollection.Name)]
public sealed class SuspectTests(PostgreSqlServer server)
{
    private readonly string _schema = $"t{Guid.NewGuid():N}";

    [Fact]
    public async Task ASuspect_IsKeptForOneNode_AndItsPlaceIsGivenOnWhenThatLeaves()
    {
        await using var one = await OpenAsync();
        var other = await OpenAsync();
        await one.EnqueueAsync(StoreNode.Job());
        await ExecuteAsync($"UPDATE {_schema}.jobs SET state = 2, suspect = true, crashes = 2");
        var request = new JobClaimRequest { Room = 1, StarvationThreshold = TimeSpan.FromDays(1) };

        (await other.Store.ClaimAsync(request, CancellationToken.None)).SuspectWaits.ShouldBeTrue();
        (await one.Store.ClaimAsync(request, CancellationToken.None)).SuspectWaits.ShouldBeFalse();
        await other.DisposeAsync();

        (await one.Store.ClaimAsync(request, CancellationToken.None)).SuspectWaits.ShouldBeTrue();
        var claimed = (await one.Store.ClaimAsync(request with { Suspect = true }, CancellationToken.None)).Jobs.ShouldHaveSingleItem();
        claimed.Crashes.ShouldBe(2);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ASuspect_IsLeftToOthers_ByANodeThatIsPaused(bool isAdoptedBefore)
    {
        await using var paused = await StoreNode.OpenAsync(server.ConnectionString, _schema, name: "paused");
        await using var other = await OpenAsync();
        await other.EnqueueAsync(StoreNode.Job());
        await ExecuteAsync($"UPDATE {_schema}.jobs SET state = 2, suspect = true, crashes = 2");
        var request = new JobClaimRequest { Room = 1, StarvationThreshold = TimeSpan.FromDays(1) };
        if (isAdoptedBefore)
        {
            (await paused.Store.ClaimAsync(request, CancellationToken.None)).SuspectWaits.ShouldBeTrue();
        }

        await other.Store.PauseAsync(new JobPause(JobPauseScope.Node, "paused"), CancellationToken.None);
        (await paused.Store.ClaimAsync(request, CancellationToken.None)).SuspectWaits.ShouldBeFalse();

        (await other.Store.ClaimAsync(request, CancellationToken.None)).SuspectWaits.ShouldBeTrue();
        (await other.Store.ClaimAsync(request with { Suspect = true }, CancellationToken.None)).Jobs.ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData("place")]
    [InlineData("rate")]
    [InlineData("pause")]
    public async Task ASuspect_ThatHadToWaitForSomethingElse_RunsAloneAllTheSame(string what)
    {
        await using var node = await OpenAsync();
        var request = new JobClaimRequest { Room = 10, StarvationThreshold = TimeSpan.FromDays(1) };
        var other = StoreNode.Job() with { ConcurrencyKey = what == "place" ? "k" : null, RateKey = what == "rate" ? "r" : null, RatePeriod = TimeSpan.FromMilliseconds(300) };
        await node.EnqueueAsync(other);
        var running = (await node.Store.ClaimAsync(request, CancellationToken.None)).Jobs.ShouldHaveSingleItem();
        await node.EnqueueAsync(other with { Id = Guid.CreateVersion7(), Name = "suspect" });
        await ExecuteAsync($"UPDATE {_schema}.jobs SET state = 2, suspect = true, crashes = 2 WHERE name = 'suspect'");
        if (what == "pause")
        {
            await node.Store.PauseAsync(new JobPause(JobPauseScope.Name, "suspect"), CancellationToken.None);
        }

        (await node.Store.ClaimAsync(request, CancellationToken.None)).SuspectWaits.ShouldBeTrue();
        (await node.Store.ClaimAsync(request with { Suspect = true }, CancellationToken.None)).Jobs.ShouldBeEmpty();
        await node.Store.EndAsync([new JobEnding(running.Lease, JobEndingKind.Succeeded)], CancellationToken.None);
        await node.Store.ResumeAsync(JobPauseScope.Name, "suspect", CancellationToken.None);

        await Eventually.TrueAsync(async () =>
        {
            var claims = await node.Store.ClaimAsync(request, CancellationToken.None);
            claims.Jobs.ShouldBeEmpty("it would not be alone");
            return claims.SuspectWaits;
        });
        (await node.Store.ClaimAsync(request with { Suspect = true }, CancellationToken.None)).Jobs.ShouldHaveSingleItem().Job.Name.ShouldBe("suspect");
    }

    private Task<StoreNode> OpenAsync() => StoreNode.OpenAsync(server.ConnectionString, _schema);

    private async Task ExecuteAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(server.ConnectionString);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
