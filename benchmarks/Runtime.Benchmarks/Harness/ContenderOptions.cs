namespace Runtime.Benchmarks.Harness;

/// <summary>The options by which every comparing subcommand picks its contenders.</summary>
internal static class ContenderOptions
{
    public static IReadOnlyList<Option> All { get; } =
    [
        new("only", "", "names, or beginnings of names, of the contenders to run, comma separated"),
        new("skip", "", "the same, of those not to run"),
        new("set", "", "settings of this project's contenders, comma separated, such as Isolation=None,Queue:Capacity=100"),
    ];
}
