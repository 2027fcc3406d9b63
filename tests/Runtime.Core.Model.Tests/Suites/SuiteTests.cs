using Runtime.Core.Model.Tests.Engine;
using Xunit.Abstractions;

namespace Runtime.Core.Model.Tests.Suites;

/// <summary>The product's lock-free parts, in every interleaving within the bounds.</summary>
public abstract class SuiteTests(ITestOutputHelper output, MemoryKind memory)
{
    public static TheoryData<string> Scenarios => [.. Catalogue.All.Select(static entry => entry.Name)];

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void Scenario_EveryInterleaving_Holds(string name)
    {
        var scenario = Catalogue.All.Single(entry => entry.Name == name);
        Explore.Passes(output, scenario.Name, scenario.Create, memory);
    }
}

/// <summary>On x64.</summary>
public sealed class StoreBufferSuiteTests(ITestOutputHelper output) : SuiteTests(output, MemoryKind.StoreBuffer);

/// <summary>On arm64.</summary>
public sealed class WeakSuiteTests(ITestOutputHelper output) : SuiteTests(output, MemoryKind.Weak);
