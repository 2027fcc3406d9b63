using System.Diagnostics;
using Xunit.Abstractions;

namespace Runtime.Core.Tests.Stress;

/// <summary>A hundred million hand-offs through every queue, each of them accounted for; a thousand million when asked for.</summary>
[Collection(nameof(StressCollection))]
public sealed class HandOffStressTests(ITestOutputHelper output)
{
    public static TheoryData<string> Scenarios => [.. HandOffScenarios.All.Select(static scenario => scenario.Name)];

    [Theory]
    [MemberData(nameof(Scenarios))]
    public async Task HandOff_EveryWayAnItemGoes_ArrivesExactlyOnce(string name)
    {
        var scenario = HandOffScenarios.All.Single(scenario => scenario.Name == name);
        var began = Stopwatch.GetTimestamp();

        var (made, coverage) = await HandOffStress.RunAsync(scenario, scenario.HandOffs * StressBudget.Factor, Environment.TickCount);

        var elapsed = Stopwatch.GetElapsedTime(began);
        output.WriteLine($"{made:N0} hand-offs in {elapsed.TotalSeconds:N1} s, {elapsed.TotalNanoseconds / made:N0} ns each; {coverage}");
    }

    [Fact]
    public void Scenarios_Together_MakeAHundredMillionHandOffs() =>
        HandOffScenarios.All.Sum(static scenario => scenario.HandOffs).ShouldBeGreaterThanOrEqualTo(100_000_000);
}
