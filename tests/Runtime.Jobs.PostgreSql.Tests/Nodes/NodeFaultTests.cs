using System.Globalization;
using System.Text;
using Runtime.Hosting.Jobs;
using Runtime.Jobs.PostgreSql.Tests.Server;
using Xunit.Abstractions;

namespace Runtime.Jobs.PostgreSql.Tests.Nodes;

/// <summary>Processes that are killed and stopped while they share jobs. <c>JOBS_KILL_CYCLES=200</c> does it that often instead of 10 times.</summary>
[Collection(PostgreSqlCollection.Name)]
public sealed class NodeFaultTests(PostgreSqlServer server, ITestOutputHelper output)
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(2);

    // What one process may have claimed and not yet written when it dies: its room, and four times that in ends.
    private const int MostInFlight = 64 * 5;

    private static int Cycles => int.Parse(Environment.GetEnvironmentVariable("JOBS_KILL_CYCLES") ?? "10", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Kill_OneOfTwoNodesAtRandomMoments_LosesNoAcknowledgedJob()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"Seed {seed}.");
        var random = new Random(seed);
        using var group = new NodeGroup(server.ConnectionString, Lease);
        var nodes = new[] { await group.StartAsync("enqueue"), await group.StartAsync("enqueue") };
        for (var cycle = 0; cycle < Cycles; cycle++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(20, 400)), TimeProvider.System); // the moment of the kill is the point
            var victim = random.Next(nodes.Length);
            await nodes[victim].KillAsync();
            nodes[victim] = await group.StartAsync("enqueue");
        }

        foreach (var node in nodes)
        {
            await node.KillAsync();
        }

        (await (await group.StartAsync("drain")).StopAsync()).ShouldBe(0);

        var (acknowledged, begun, ended) = (group.Jobs("A").ToHashSet(), group.Jobs("B"), group.Jobs("E").ToHashSet());
        var repeated = begun.Count - begun.Distinct().Count();
        output.WriteLine($"{Cycles + 2} kills: {acknowledged.Count} acknowledged, {ended.Count} ran, {begun.Count} runs, {repeated} repeated.");
        acknowledged.Count.ShouldBeGreaterThan(Cycles);
        acknowledged.Except(ended).ShouldBeEmpty("an acknowledged job was lost");
        repeated.ShouldBeLessThanOrEqualTo((Cycles + 2) * MostInFlight);
        (await group.CountAsync("SELECT count(*) FROM {s}.history WHERE state = 10")).ShouldBe(ended.Count);
        (await group.CountAsync("SELECT count(*) FROM {s}.all_jobs WHERE state <> 10")).ShouldBe(0);
        (await group.CountAsync("SELECT count(*) FROM {s}.nodes")).ShouldBe(0, "the dead were swept, and the last one left");
    }

    [Fact]
    public async Task Stop_OfANodePastItsLease_GivesItsJobsToOthers_AndRefusesWhatItStillSays()
    {
        const int Jobs = 40;
        using var group = new NodeGroup(server.ConnectionString, Lease);
        await using var store = await group.OpenAsync();
        var stopped = await group.StartAsync("run");
        await store.EnqueueAsync([.. Enumerable.Range(0, Jobs).Select(static _ => Timed(500))], null, CancellationToken.None);
        await Eventually.TrueAsync(() => group.Jobs("B", stopped).Count > 0);

        await stopped.SignalAsync("-STOP");
        var other = await group.StartAsync("run");
        await Eventually.TrueAsync(async () => await group.CountAsync("SELECT count(*) FROM {s}.history") == Jobs);
        await stopped.SignalAsync("-CONT");
        await Eventually.TrueAsync(() => group.Jobs("F", stopped).Count > 0);
        var more = Enumerable.Range(0, 20).Select(static _ => Timed(0)).ToList();
        await store.EnqueueAsync(more, null, CancellationToken.None);
        await Eventually.TrueAsync(async () => await group.CountAsync("SELECT count(*) FROM {s}.history") == Jobs + more.Count);

        (await stopped.StopAsync()).ShouldBe(0);
        (await other.StopAsync()).ShouldBe(0);
        (await group.CountAsync("SELECT count(DISTINCT id) FROM {s}.history WHERE state = 10")).ShouldBe(Jobs + more.Count);
        var refused = group.Jobs("F").ToHashSet();
        output.WriteLine($"{refused.Count} ends were refused.");
        refused.ShouldBeSubsetOf(group.Jobs("E", other)); // each of them was run and ended by the other one
    }

    [Fact]
    public async Task TwoNodes_OnOneDatabase_ShareTheWork()
    {
        const int Jobs = 2000;
        using var group = new NodeGroup(server.ConnectionString, Lease);
        await using var store = await group.OpenAsync();
        var nodes = new[] { await group.StartAsync("run"), await group.StartAsync("run") };
        await store.EnqueueAsync([.. Enumerable.Range(0, Jobs).Select(static _ => Timed(20))], null, CancellationToken.None);
        await Eventually.TrueAsync(async () => await group.CountAsync("SELECT count(*) FROM {s}.history") == Jobs);

        var shares = nodes.Select(node => group.Jobs("E", node).Count).ToList();
        output.WriteLine($"Shares: {string.Join(", ", shares)}.");
        shares.Sum().ShouldBe(Jobs, "each ran once");
        shares.ShouldAllBe(static share => share > Jobs / 4);
        (await Task.WhenAll(nodes.Select(static node => node.StopAsync()))).ShouldBe([0, 0]);
    }

    private static NewJob Timed(int milliseconds) => new()
    {
        Id = Guid.CreateVersion7(), Name = "timed", Queue = "default", MaxAttempts = 10, Arguments = Encoding.UTF8.GetBytes($$"""{"Milliseconds":{{milliseconds.ToString(CultureInfo.InvariantCulture)}}}"""),
    };
}
