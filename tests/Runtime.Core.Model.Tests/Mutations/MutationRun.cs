using Runtime.Core.Model.Tests.Engine;
using Runtime.Core.Model.Tests.Suites;

namespace Runtime.Core.Model.Tests.Mutations;

/// <summary>Weakens the operations of the product one at a time and looks whether a suite notices.</summary>
internal static class MutationRun
{
    private static readonly MemoryKind[] Memories = [MemoryKind.StoreBuffer, MemoryKind.Weak];

    /// <summary>Lists what the suites execute: each operation of the product, with every way to weaken it, and the scenarios that come by.</summary>
    public static Dictionary<Mutation, List<int>> Discover()
    {
        var met = new Dictionary<Mutation, List<int>>();
        for (var i = 0; i < Catalogue.All.Count; i++)
        {
            var recorder = new Mutator(null);
            var options = new ModelOptions { MostExecutions = 40, RandomExecutions = 60, Seed = 1 };
            var (_, name, create) = Catalogue.All[i];
            new Explorer(name, create, options, recorder).Run();
            foreach (var mutation in recorder.Met.Where(static mutation => mutation.Site.Path.Replace('\\', '/').Contains("/src/", StringComparison.Ordinal)))
            {
                if (!met.TryGetValue(mutation, out var scenarios))
                {
                    met.Add(mutation, scenarios = []);
                }

                scenarios.Add(i);
            }
        }

        return met;
    }

    /// <summary>Runs the scenarios that come by a weakened operation until one fails.</summary>
    /// <returns>Which, and how; or <see langword="null"/> when the mutant survives.</returns>
    public static string? Kill(Mutation mutation, IEnumerable<int> scenarios, ModelOptions options)
    {
        foreach (var index in scenarios)
        {
            var (_, name, create) = Catalogue.All[index];
            foreach (var memory in Memories)
            {
                var result = new Explorer(name, create, options with { Memory = memory }, new Mutator(mutation)).Run();
                if (result.Failure is { } failure)
                {
                    return $"{name} on {memory}, execution {result.Executions}: {failure.Split('\n')[0]}";
                }
            }
        }

        return null;
    }
}
