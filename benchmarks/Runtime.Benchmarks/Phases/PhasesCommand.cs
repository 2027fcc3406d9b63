using Runtime.Benchmarks.Harness;
using Runtime.Benchmarks.Queue;

namespace Runtime.Benchmarks.Phases;

/// <summary>The two sides of a queue by themselves: what an enqueue costs while nothing runs, and what an item costs while nothing is enqueued.</summary>
internal sealed class PhasesCommand : BenchmarkCommand
{
    public override string Name => "phases";

    public override string Summary => "submitting and draining 10,000 items one after the other, so that neither disturbs the other";

    public override IReadOnlyList<Option> Options { get; } =
    [
        new("items", "10000", "items in a round; no more than the capacities"),
        new("rounds", "100", "counted rounds of each contender"),
        new("warmup", "60", "rounds before them"),
        new("seconds", "30", "limit of the counted rounds"),
        .. ContenderOptions.All,
    ];

    public override async Task<int> RunAsync(Arguments arguments, TextWriter output)
    {
        var machine = new Machine();
        Machine.WriteHead(output, "phases");
        var contenders = arguments.Choose(QueueContenders.ForPhases(arguments), c => c.Name);
        var results = await ContenderSet.RunAsync(
            [.. contenders.Select(c => new PhasedContender(c))],
            Alternation.From(arguments).RunAsync);
        var table = new MarkdownTable("contender", "n", "submit µs/op", "min", "drain µs/op", "min", "B/op", "CPU µs/op");
        foreach (var result in results)
        {
            double[] drain = [.. result.Done.Zip(result.Submitted, (done, submitted) => done - submitted)];
            table.Add(
                result.Name,
                result.Count.ToString(System.Globalization.CultureInfo.InvariantCulture),
                MarkdownTable.Figure(Statistics.Median(result.Submitted)),
                MarkdownTable.Figure(Statistics.Quantile(result.Submitted, 0)),
                MarkdownTable.Figure(Statistics.Median(drain)),
                MarkdownTable.Figure(Statistics.Quantile(drain, 0)),
                MarkdownTable.Figure(Statistics.Median(result.Bytes)),
                MarkdownTable.Figure(Statistics.Median(result.Processor)));
        }

        table.WriteTo(output);
        machine.WriteNoise(output);
        return 0;
    }

    private sealed class PhasedContender(QueueContender inner) : Contender(inner.Name)
    {
        public override string Settings => inner.Settings;

        public override Task StartAsync() => inner.StartAsync();

        public override Task<Lap> RunAsync(int operations) => inner.RunPhasedAsync(operations);

        public override ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
