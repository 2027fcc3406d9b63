using Runtime.Jobs.PostgreSql.Tests.Server;
using Xunit.Abstractions;

namespace Runtime.Jobs.PostgreSql.Tests.Nodes;

/// <summary>A server that dies under the load.</summary>
public sealed class ServerFaultTests(ITestOutputHelper output) : IAsyncLifetime
{
    private readonly PostgreSqlServer _server = new();

    public Task InitializeAsync() => _server.InitializeAsync();

    public Task DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Kill_OfTheServer_LosesNoAcknowledgedJob_AndTheWorkGoesOn()
    {
        using var group = new NodeGroup(_server.ConnectionString, TimeSpan.FromSeconds(10));
        var nodes = new[] { await group.StartAsync("enqueue"), await group.StartAsync("enqueue") };
        for (var cycle = 0; cycle < 3; cycle++)
        {
            var before = group.Jobs("E").Count;
            await Eventually.TrueAsync(() => group.Jobs("E").Count > before + 100);
            await _server.KillAsync();
            await _server.StartAsync();
            var began = TimeProvider.System.GetTimestamp();
            var (enqueued, ended) = (group.Jobs("A").Count, group.Jobs("E").Count);
            await Eventually.TrueAsync(() => group.Jobs("A").Count > enqueued + 16 && group.Jobs("E").Count > ended + 100);
            output.WriteLine($"Work went on {TimeProvider.System.GetElapsedTime(began).TotalSeconds:F1} s after the server.");
        }

        foreach (var node in nodes)
        {
            await node.KillAsync();
        }

        (await (await group.StartAsync("drain")).StopAsync()).ShouldBe(0);
        var (acknowledged, ended2) = (group.Jobs("A").ToHashSet(), group.Jobs("E").ToHashSet());
        output.WriteLine($"{acknowledged.Count} acknowledged, {ended2.Count} ran.");
        acknowledged.Except(ended2).ShouldBeEmpty("an acknowledged job was lost");
        (await group.CountAsync("SELECT count(*) FROM {s}.all_jobs WHERE state <> 10")).ShouldBe(0);
    }
}
