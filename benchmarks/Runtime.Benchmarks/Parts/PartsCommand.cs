using Runtime.Benchmarks.Harness;

namespace Runtime.Benchmarks.Parts;

/// <summary>What the parts of one item cost by themselves, on one thread: the ground that no queue gets below.</summary>
internal sealed class PartsCommand : BenchmarkCommand
{
    public override string Name => "parts";

    public override string Summary => "cost of what an item is made of (scope, id, times, task, lock), each alone on one thread";

    public override IReadOnlyList<Option> Options { get; } =
    [
        new("items", "10000", "operations in a round"),
        new("repeats", "10", "rounds in a row that make one measurement"),
        new("rounds", "20", "counted measurements of each part"),
        new("warmup", "5", "measurements before them"),
        new("seconds", "30", "limit of the counted measurements"),
        .. ContenderOptions.All,
    ];

    public override async Task<int> RunAsync(Arguments arguments, TextWriter output)
    {
        var machine = new Machine();
        Machine.WriteHead(output, "parts");
        var parts = arguments.Choose(PartList.All(), p => p.Name);
        var results = await ContenderSet.RunAsync(parts, Alternation.From(arguments).RunAsync);
        ThroughputReport.Write(output, results, "scope");
        machine.WriteNoise(output);
        return 0;
    }
}
