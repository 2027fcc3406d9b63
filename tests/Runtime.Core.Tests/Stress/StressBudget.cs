namespace Runtime.Core.Tests.Stress;

/// <summary>How much the stress tests do: what fits into every run of the suite, or ten times that when it is asked for.</summary>
internal static class StressBudget
{
    /// <summary>The environment variable that asks for the long runs, with the value 1. See CONTRIBUTING.md.</summary>
    public const string Variable = "ASYNCRUNTIME_LONG_TESTS";

    public static bool IsLong => Environment.GetEnvironmentVariable(Variable) == "1";

    public static int Factor => IsLong ? 10 : 1;
}

/// <summary>Stress tests keep every processor busy, so they run after all others and one at a time: neither disturbs the other.</summary>
[CollectionDefinition(nameof(StressCollection), DisableParallelization = true)]
public sealed class StressCollection;
