using System.Diagnostics;
using System.Globalization;
using Runtime.Benchmarks.Harness;

namespace Runtime.Benchmarks.Jobs.Nodes;

/// <summary>Durable jobs on one PostgreSQL that several processes share.</summary>
internal sealed class JobsNodesCommand : BenchmarkCommand
{
    private const int WarmUp = 1000;

    public override string Name => "jobs-nodes";

    public override string Summary => "durable jobs of 1, 2 and 4 processes on one PostgreSQL: jobs per second, and the share of each process";

    public override IReadOnlyList<Option> Options { get; } =
    [
        new("postgresql", "", "connection string of the database; it gets schemas that are dropped afterwards"),
        new("processes", "1,2,4", "how many processes, in turn"),
        new("jobs", "20000", "jobs of each round"),
        new("rounds", "5", "rounds, each with new processes and in a new schema; the median counts"),
        new("loads", "0,1,2", "who enqueues: 0 each process its part, 1 one of them all, 2 one of them all, before any is run"),
    ];

    public override async Task<int> RunAsync(Arguments arguments, TextWriter output)
    {
        var machine = new Machine();
        var (jobs, rounds) = (arguments.Integer("jobs"), arguments.Integer("rounds"));
        int[] counts = [.. Numbers(arguments.Text("processes"))];
        NodeLoad[] loads = [.. Numbers(arguments.Text("loads")).Select(static index => NodeLoad.All[index])];
        Machine.WriteHead(output, $"jobs of several processes: {jobs:N0} no-op jobs a round");
        var found = new Dictionary<(NodeLoad Load, int Count), List<RoundFigures>>();
        for (var round = 0; round < rounds; round++)
        {
            foreach (var count in round % 2 == 0 ? counts : counts.Reverse())
            {
                await using var schema = new SharedSchema(arguments.Text("postgresql"));
                await using var nodes = await NodeProcesses.StartAsync(schema, count);
                await nodes.EnqueueAsync(WarmUp * count, 64, 1); // statements are prepared and code is compiled
                await schema.WaitUntilOverAsync();
                foreach (var load in loads)
                {
                    var figures = await RunRoundAsync(schema, nodes, load, jobs);
                    (found.TryGetValue((load, count), out var list) ? list : found[(load, count)] = []).Add(figures);
                }
            }
        }

        Write(output, loads, counts, found);
        machine.WriteNoise(output);
        return 0;
    }

    private static IEnumerable<int> Numbers(string text) => text.Split(',').Select(static number => int.Parse(number, CultureInfo.InvariantCulture));

    private static async Task<RoundFigures> RunRoundAsync(SharedSchema schema, NodeProcesses nodes, NodeLoad load, int jobs)
    {
        await load.PrepareAsync(nodes, jobs);
        var before = await schema.CountByNodeAsync();
        var began = Stopwatch.GetTimestamp();
        await load.BeginAsync(nodes, jobs);
        await schema.WaitUntilOverAsync();
        var elapsed = Stopwatch.GetElapsedTime(began);
        var after = await schema.CountByNodeAsync();
        var shares = after.Select(node => (node.Value - before.GetValueOrDefault(node.Key)) / (double)jobs).ToList();
        shares.AddRange(Enumerable.Repeat(0.0, nodes.Count - shares.Count)); // those that never ran one
        return new(jobs / elapsed.TotalSeconds, [.. shares.Order()]);
    }

    private static void Write(TextWriter output, NodeLoad[] loads, int[] counts, Dictionary<(NodeLoad Load, int Count), List<RoundFigures>> found)
    {
        var table = new MarkdownTable("enqueued", "processes", "jobs/s", $"× {counts[0]}", "least and most jobs/s", "shares of the median round, %", "farthest from fair, median", "worst");
        foreach (var load in loads)
        {
            foreach (var count in counts)
            {
                var rounds = found[(load, count)];
                var speeds = rounds.Select(static round => round.JobsPerSecond).Order().ToList();
                var unfair = rounds.Select(static round => round.FarthestFromFair).ToList();
                var typical = rounds.OrderBy(static round => round.FarthestFromFair).ElementAt((rounds.Count - 1) / 2);
                table.Add(
                    load.Name, count.ToString(CultureInfo.InvariantCulture), MarkdownTable.Figure(Statistics.Median(speeds)),
                    MarkdownTable.Figure(Statistics.Median([.. rounds.Zip(found[(load, counts[0])], static (mine, first) => mine.JobsPerSecond / first.JobsPerSecond)])),
                    $"{MarkdownTable.Figure(speeds[0])} to {MarkdownTable.Figure(speeds[^1])}",
                    string.Join(' ', typical.Shares.Select(static share => string.Create(CultureInfo.InvariantCulture, $"{share * 100:F1}"))),
                    string.Create(CultureInfo.InvariantCulture, $"{Statistics.Median(unfair):P1}"), string.Create(CultureInfo.InvariantCulture, $"{unfair.Max():P1}"));
            }
        }

        table.WriteTo(output);
        output.WriteLine("Farthest from fair: by how much the process with the most, or the fewest, runs differs from an equal share.");
        output.WriteLine();
    }

    private sealed record RoundFigures(double JobsPerSecond, double[] Shares)
    {
        public double FarthestFromFair => Shares.Max(share => Math.Abs((share * Shares.Length) - 1));
    }
}
