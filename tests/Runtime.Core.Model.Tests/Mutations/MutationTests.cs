using System.Globalization;
using Runtime.Core.Model.Tests.Engine;
using Xunit.Abstractions;

namespace Runtime.Core.Model.Tests.Mutations;

/// <summary>A suite that no weakening makes fail proves nothing: every one is noticed, but for those that are listed with their reason.</summary>
public sealed class MutationTests(ITestOutputHelper output)
{
    // MODEL_MUTANTS names other kinds, separated by commas. Minutes for each: what is not noticed has to be explored to the end.
    private static readonly IReadOnlyList<MutationKind> Kinds = Environment.GetEnvironmentVariable("MODEL_MUTANTS") is { } names
        ? [.. names.Split(',').Select(Enum.Parse<MutationKind>)]
        : [.. MutationRun.Strong, MutationKind.SplitExchange];

    // MODEL_MUTANT_METHODS names parts of names, e.g. "Worker.Rest,ReadySlot": for those who work on one method.
    private static readonly string[] Methods = Environment.GetEnvironmentVariable("MODEL_MUTANT_METHODS")?.Split(',') ?? [""];

    [Fact]
    public void Operations_WeakenedOneAtATime_AreMissed()
    {
        var options = new ModelOptions { MostExecutions = 5_000, RandomExecutions = 300, Seed = 1 };
        var found = MutationRun.Discover(Kinds).FindAll(static mutant => Array.Exists(Methods, method => mutant.Name.Contains(method, StringComparison.Ordinal)));
        var survivors = new List<string>();
        foreach (var (name, mutation, scenarios) in found)
        {
            var clock = System.Diagnostics.Stopwatch.StartNew();
            var killer = MutationRun.Kill(mutation, scenarios, options);
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{(killer is null ? "survives" : "killed")} {name} ({mutation.Site.File}:{mutation.Site.Line}) {killer} {clock.Elapsed.TotalSeconds:F1} s"));
            if (killer is null)
            {
                survivors.Add(name);
            }
        }

        output.WriteLine($"{found.Count} mutants, {survivors.Count} survive");
        survivors.Except(Survivors.Reasons.Keys).ShouldBeEmpty("These are noticed by no suite, and no reason is given for them.");
        found.Select(static mutant => mutant.Name).Intersect(Survivors.Reasons.Keys).Except(survivors).ShouldBeEmpty("These are listed as survivors and are none.");
    }
}
