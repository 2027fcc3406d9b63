using System.Globalization;
using Runtime.Core.Model.Tests.Engine;
using Xunit.Abstractions;

namespace Runtime.Core.Model.Tests.Mutations;

/// <summary>A suite that no weakening makes fail proves nothing.</summary>
public sealed class MutationTests(ITestOutputHelper output)
{
    [Fact]
    public void Operations_WeakenedOneAtATime_AreMissed()
    {
        var all = Environment.GetEnvironmentVariable("MODEL_MUTANTS") == "all";
        var options = new ModelOptions { MostExecutions = all ? 20_000 : 4_000, RandomExecutions = all ? 3_000 : 500, Seed = 1 };
        var found = MutationRun.Discover().OrderBy(static entry => entry.Key.ToString(), StringComparer.Ordinal).ToList();
        var survivors = new List<string>();
        var kinds = Environment.GetEnvironmentVariable("MODEL_MUTANTS") ?? "DropFence,DropProcessWideFence";
        File.AppendAllText("/tmp/scratch/model/prog.txt", string.Join("\n", found.GroupBy(x => x.Key.Kind).Select(g => $"{g.Key} {g.Count()}")) + "\n");
        foreach (var (mutation, scenarios) in found)
        {
            if (!kinds.Contains(mutation.Kind.ToString()) || File.ReadAllText("/tmp/scratch/model/prog.txt").Contains(mutation.ToString() + " ")) continue;
            var started = System.Diagnostics.Stopwatch.StartNew();
            var killer = MutationRun.Kill(mutation, scenarios, options);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(killer is null ? "SURVIVES" : "killed  ")} {mutation} {killer} {started.Elapsed.TotalSeconds:F1} s"));
            File.AppendAllText("/tmp/scratch/model/prog.txt", string.Create(CultureInfo.InvariantCulture, $"{(killer is null ? "SURVIVES" : "killed  ")} {mutation} {killer} {started.Elapsed.TotalSeconds:F1} s\n"));
            if (killer is null)
            {
                survivors.Add(mutation.ToString());
            }
        }

        output.WriteLine($"{found.Count} mutants, {survivors.Count} survive");
    }
}
