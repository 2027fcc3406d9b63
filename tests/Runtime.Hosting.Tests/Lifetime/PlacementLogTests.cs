using Microsoft.Extensions.Logging;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Lifetime;

/// <summary>A host says where its workers run when it was asked to care, and is silent otherwise.</summary>
public sealed class PlacementLogTests
{
    [Fact]
    public async Task Start_NumaAwareOrPinned_SaysOnceWhatIsDoneAndWhy()
    {
        await using var host = await TestHost.StartAsync(settings: [("Topology:NumaAware", "true"), ("Topology:PinThreads", "true")]);

        var line = host.Logs.Of(EventIds.PlacementChosen).ShouldHaveSingleItem();
        line.Level.ShouldBe(LogLevel.Information);
        line.Text.ShouldBe("AsyncRuntime:Topology: " + host.Runtime.Snapshot().Topology.Placement);
    }

    [Fact]
    public async Task Start_Default_SaysNothing()
    {
        await using var host = await TestHost.StartAsync(settings: []);

        host.Logs.Of(EventIds.PlacementChosen).ShouldBeEmpty();
        host.Logs.Of(EventIds.PlacementRefused).ShouldBeEmpty();
    }
}
