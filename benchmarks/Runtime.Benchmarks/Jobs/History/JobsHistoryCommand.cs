using System.Globalization;
using Runtime.Benchmarks.Harness;

namespace Runtime.Benchmarks.Jobs.History;

/// <summary>What jobs that are over cost those that are not.</summary>
internal sealed class JobsHistoryCommand : BenchmarkCommand
{
    public override string Name => "jobs-history";

    public override string Summary => "durable jobs in a store full of finished ones and in one with few, in turn";

    public override IReadOnlyList<Option> Options { get; } =
    [
        new("finished", "10000000", "jobs that are over in the full store; ten million take minutes, and 10 GB in each store"),
        new("few", "10000", "jobs that are over in the other one; not none, so that the database has counted its tables there too"),
        new("items", "5000", "jobs of each round"),
        new("repeats", "4", "how many times as many a measurement has"),
        new("warmup", "3", "measurements before those that count"),
        new("rounds", "15", "measurements; the median counts"),
        new("seconds", "600", "the most that they may take in each store"),
        new("shape", "1", "how jobs are enqueued: 0 one by one, 1 by 64 callers, 2 by 100 in a call"),
        new("postgresql", "", "connection string of a database to use too; it gets schemas that are dropped afterwards"),
        new("stores", "sqlite,postgresql", "which stores; postgresql only with a connection string"),
        new("folder", "", "where the files are; default: the system's temporary folder"),
    ];

    public override async Task<int> RunAsync(Arguments arguments, TextWriter output)
    {
        var machine = new Machine();
        var alternation = Alternation.From(arguments);
        var few = new JobStorePlaces(arguments.Text("folder"), arguments.Text("postgresql"), arguments.Integer("few"));
        var full = few with { Finished = arguments.Integer("finished") };
        var shape = EnqueueShape.All[arguments.Integer("shape")];
        Machine.WriteHead(output, string.Create(CultureInfo.InvariantCulture, $"jobs beside {full.Finished:N0} that are over, {shape.Name}"));
        foreach (var store in arguments.Text("stores").Split(',').Where(store => store != "postgresql" || few.ConnectionString.Length > 0))
        {
            await output.WriteLineAsync($"### {store}\n");
            OursDurableContender[] contenders = [new OursDurableContender("few", store, few, shape), new OursDurableContender("full", store, full, shape)];
            var counts = new List<double>();
            var results = await ContenderSet.RunAsync(contenders, async started =>
            {
                var series = await alternation.RunAsync(started);
                foreach (var contender in started)
                {
                    counts.Add((await contender.CountAsync()).TotalMilliseconds);
                }

                return series;
            });
            ThroughputReport.Write(output, results, "few");
            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"With them a job costs {Ratio(results, static series => series.Done):F2} times the time, its enqueue {Ratio(results, static series => series.Submitted):F2} times, and {Ratio(results, static series => series.Processor):F2} times the processor time of this process."));
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"To count the running jobs takes {counts[1]:F1} ms with them, {counts[0]:F1} ms with few.\n"));
        }

        machine.WriteNoise(output);
        return 0;
    }

    // The two sides of a ratio are of the same turn.
    private static double Ratio(IReadOnlyList<Series> results, Func<Series, IReadOnlyList<double>> of) => Statistics.Median([.. of(results[0]).Zip(of(results[1]), static (few, full) => full / few)]);
}
