using Runtime.Benchmarks.Harness;
using Runtime.Benchmarks.Queue;

namespace Runtime.Benchmarks.Latency;

/// <summary>How long an idle queue takes from the enqueue call to the first line of the item.</summary>
internal sealed class LatencyCommand : BenchmarkCommand
{
    public override string Name => "latency";

    public override string Summary => "idle enqueue-to-start latency, one item at a time after a random gap of 5 to 15 ms";

    public override IReadOnlyList<Option> Options { get; } = [new("samples", "300", "samples of each contender"), .. ContenderOptions.All];

    public override async Task<int> RunAsync(Arguments arguments, TextWriter output)
    {
        var machine = new Machine();
        Machine.WriteHead(output, "latency");
        await MeasureAsync(arguments, output);
        machine.WriteNoise(output);
        return 0;
    }

    /// <summary>Runs the contenders and writes the table.</summary>
    internal static async Task MeasureAsync(Arguments arguments, TextWriter output)
    {
        var contenders = arguments.Choose(QueueContenders.ForLatency(arguments), c => c.Name);
        var sampler = new LatencySampler(arguments.Integer("samples"));
        var results = await ContenderSet.RunAsync(contenders, sampler.RunAsync);
        await output.WriteLineAsync("### Idle: from the enqueue call to the first line of the item, µs\n");
        LatencyReport.Write(output, results);
    }
}
