using Xunit.Abstractions;

namespace Runtime.Core.Model.Tests.Engine;

/// <summary>How tests explore scenarios.</summary>
internal static class Explore
{
    /// <summary>Explores a scenario on one kind of memory and fails the test if an execution fails.</summary>
    public static void Passes<TScenario>(ITestOutputHelper output, MemoryKind memory, ModelOptions? options = null)
        where TScenario : Scenario, new() =>
        Passes(output, typeof(TScenario).Name, static () => new TScenario(), memory, options);

    /// <inheritdoc cref="Passes{TScenario}"/>
    public static void Passes(ITestOutputHelper output, string name, Func<Scenario> create, MemoryKind memory, ModelOptions? options = null)
    {
        var result = new Explorer(name, create, (options ?? new ModelOptions()) with { Memory = memory }).Run();
        output.WriteLine(
            $"{name} on {memory}: {result.Executions} executions, {result.Pruned} of them pruned, {result.Random} random, "
            + $"{result.Coverage}, up to {result.LongestExecution} steps, {result.Elapsed.TotalSeconds:F2} s");
        if (result.Failure is not null)
        {
            Assert.Fail(result.Failure);
        }
    }

    /// <summary>Explores a scenario that must fail, and returns the failure.</summary>
    public static string Fails<TScenario>(MemoryKind memory, ModelOptions? options = null)
        where TScenario : Scenario, new() =>
        Run<TScenario>(memory, options).Failure ?? throw new InvalidOperationException($"{typeof(TScenario).Name} on {memory} does not fail.");

    /// <summary>Runs one execution again.</summary>
    public static string Repeat<TScenario>(ReplayToken token)
        where TScenario : Scenario, new() =>
        new Explorer(token.Name, static () => new TScenario(), token.Options).Repeat(token);

    private static ExplorationResult Run<TScenario>(MemoryKind memory, ModelOptions? options)
        where TScenario : Scenario, new() =>
        new Explorer(typeof(TScenario).Name, static () => new TScenario(), (options ?? new ModelOptions()) with { Memory = memory }).Run();
}
