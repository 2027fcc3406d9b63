using Runtime.Benchmarks.Harness;
using Runtime.Benchmarks.Latency;

namespace Runtime.Benchmarks.Queue;

/// <summary>Items per second and bytes per item, each item in a DI scope of its own; then the idle latency.</summary>
internal sealed class QueueCommand : BenchmarkCommand
{
    public override string Name => "queue";

    public override string Summary => "cost of 10,000 trivial items in a scope each, against the peers, and idle enqueue-to-start latency";

    public override IReadOnlyList<Option> Options { get; } =
    [
        new("items", "10000", "items in a round"),
        new("repeats", "10", "rounds in a row that make one measurement"),
        new("rounds", "30", "counted measurements of each contender"),
        new("warmup", "5", "measurements before them"),
        new("seconds", "20", "limit of the counted measurements, for each of the two variants"),
        new("baseline", "docs-10k", "contender that the ratios refer to"),
        new("resolve", "both", "nothing, service or both: what an item takes from its scope"),
        new("burn", "0", "microseconds of processor time that each item spends besides"),
        new("samples", "300", "latency samples of each contender; 0: no latency"),
        .. ContenderOptions.All,
    ];

    public override async Task<int> RunAsync(Arguments arguments, TextWriter output)
    {
        var machine = new Machine();
        Machine.WriteHead(output, $"queue: {arguments.Integer("items"):N0} trivial items a round");
        List<Series> all = [];
        foreach (var resolve in Variants(arguments.Text("resolve")))
        {
            all.AddRange(await MeasureAsync(resolve, arguments, output));
        }

        ThroughputReport.WriteSettings(output, all);

        machine.WriteNoise(output);
        if (arguments.Integer("samples") > 0)
        {
            await LatencyCommand.MeasureAsync(arguments, output);
        }

        return 0;
    }

    private static async Task<IReadOnlyList<Series>> MeasureAsync(Resolve resolve, Arguments arguments, TextWriter output)
    {
        var contenders = arguments.Choose(QueueContenders.ForThroughput(resolve, arguments), c => c.Name);
        if (arguments.Integer("burn") > 0)
        {
            var burner = new Burner(arguments.Integer("burn"));
            contenders.ForEach(c => c.LetItemsBurn(burner));
        }

        var results = await ContenderSet.RunAsync(contenders, Alternation.From(arguments).RunAsync);
        await output.WriteLineAsync(resolve == Resolve.Nothing ? "### Each item in a scope, resolving nothing\n" : "### Each item in a scope, resolving one scoped service\n");
        ThroughputReport.Write(output, results, arguments.Text("baseline"));
        ThroughputReport.WriteLead(output, results, "ours");
        return results;
    }

    private static Resolve[] Variants(string text) => text == "both" ? [Resolve.Nothing, Resolve.Service] : [Enum.Parse<Resolve>(text, ignoreCase: true)];
}
