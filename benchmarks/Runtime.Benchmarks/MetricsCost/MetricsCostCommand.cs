using Runtime.Benchmarks.Harness;
using Runtime.Benchmarks.Queue;

namespace Runtime.Benchmarks.MetricsCost;

/// <summary>What an item pays for being measured.</summary>
internal sealed class MetricsCostCommand : BenchmarkCommand
{
    public override string Name => "metrics-cost";

    public override string Summary => "throughput of the queue with its metrics listened to and not, in turn";

    public override IReadOnlyList<Option> Options { get; } =
    [
        new("items", "10000", "items in a round"),
        new("repeats", "10", "rounds in a row that make one measurement"),
        new("rounds", "60", "counted measurements of each contender"),
        new("warmup", "10", "measurements before them"),
        new("seconds", "40", "limit of the counted measurements"),
        .. ContenderOptions.All,
    ];

    public override async Task<int> RunAsync(Arguments arguments, TextWriter output)
    {
        var machine = new Machine();
        Machine.WriteHead(output, "metrics-cost");
        var settings = OursSettings.From(arguments);
        var contenders = arguments.Choose(
            [
                new OursContender("not-listened", settings with { Metrics = false }, Resolve.Nothing),
                new OursContender("listened", settings, Resolve.Nothing),
            ],
            c => c.Name);
        var results = await ContenderSet.RunAsync(contenders, Alternation.From(arguments).RunAsync);
        ThroughputReport.Write(output, results, "not-listened");
        ThroughputReport.WriteSettings(output, results);
        machine.WriteNoise(output);
        return 0;
    }
}
