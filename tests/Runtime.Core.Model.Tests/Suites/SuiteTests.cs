using Runtime.Core.Model.Tests.Engine;
using Xunit.Abstractions;

namespace Runtime.Core.Model.Tests.Suites;

/// <summary>The product's lock-free parts, in every interleaving within the bounds.</summary>
public sealed class SuiteTests(ITestOutputHelper output)
{
    public static TheoryData<string, MemoryKind> Scenarios
    {
        get
        {
            var data = new TheoryData<string, MemoryKind>();
            foreach (var (_, name, _) in Catalogue.All)
            {
                data.Add(name, MemoryKind.StoreBuffer);
                data.Add(name, MemoryKind.Weak);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void Scenario_EveryInterleaving_Holds(string name, MemoryKind memory)
    {
        var scenario = Catalogue.All.Single(entry => entry.Name == name);
        Explore.Passes(output, scenario.Name, scenario.Create, memory);
    }
}
