using Runtime.Core.Model.Tests.Engine;
using Runtime.Core.Model.Tests.Suites;

namespace Runtime.Core.Model.Tests.Mutations;

/// <summary>Weakens the operations of the product one at a time and looks whether a suite notices.</summary>
internal static class MutationRun
{
    private static readonly MemoryKind[] Memories = [MemoryKind.StoreBuffer, MemoryKind.Weak];

    /// <summary>Tried in every run, against every scenario.</summary>
    public static readonly IReadOnlyList<MutationKind> Strong = [MutationKind.DropFence, MutationKind.DropProcessWideFence, MutationKind.DropLock];

    /// <summary>Tried against the smaller scenarios; those with whole workers take a hundred times as long.</summary>
    public static readonly IReadOnlyList<MutationKind> Others =
        [MutationKind.SplitExchange, MutationKind.RelaxStore, MutationKind.RelaxLoad, MutationKind.RelaxExchange, MutationKind.SkipCheck];

    /// <summary>Lists what the suites execute: each operation of the product, with every way to weaken it, and the scenarios that come by.</summary>
    /// <param name="kinds">The weakenings to try.</param>
    public static List<(string Name, Mutation Mutation, List<int> Scenarios)> Discover(IReadOnlyCollection<MutationKind> kinds)
    {
        var met = new Dictionary<Mutation, List<int>>();
        for (var i = 0; i < Catalogue.All.Count; i++)
        {
            var recorder = new Mutator(null);
            var options = new ModelOptions { MostExecutions = 40, RandomExecutions = 60, Seed = 1 };
            var (suite, name, create) = Catalogue.All[i];
            new Explorer(name, create, options, recorder).Run();
            foreach (var mutation in recorder.Met.Where(mutation => IsOfProduct(mutation.Site) && kinds.Contains(mutation.Kind) && (suite != "Wake" || Strong.Contains(mutation.Kind))))
            {
                if (!met.TryGetValue(mutation, out var scenarios))
                {
                    met.Add(mutation, scenarios = []);
                }

                scenarios.Add(i);
            }
        }

        return [.. met.Keys
            .GroupBy(static mutation => (mutation.Kind, mutation.Site.Method))
            .OrderBy(static group => group.Key.Kind).ThenBy(static group => group.Key.Method, StringComparer.Ordinal)
            .SelectMany(group => group.OrderBy(static mutation => mutation.Site.Line).ThenBy(static mutation => mutation.Site.Offset)
                .Select((mutation, index) => ($"{group.Key.Kind} {group.Key.Method} {index + 1}", mutation, met[mutation])))];
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

    private static bool IsOfProduct(CallSite site) => site.Path.Replace('\\', '/').Contains("/src/Runtime.Core/", StringComparison.Ordinal);
}
