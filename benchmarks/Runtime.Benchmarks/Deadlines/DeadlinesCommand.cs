using System.Globalization;
using Runtime.Benchmarks.Harness;

namespace Runtime.Benchmarks.Deadlines;

/// <summary>What deadlines are worth: who misses how many when load comes near what the queue can do, and passes it.</summary>
internal sealed class DeadlinesCommand : BenchmarkCommand
{
    private const int Seed = 20_261;
    private static readonly TimeSpan LeastService = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan MostService = TimeSpan.FromMilliseconds(15);
    private static readonly TimeSpan LeastDeadline = TimeSpan.FromMilliseconds(60);
    private static readonly TimeSpan MostDeadline = TimeSpan.FromMilliseconds(600);

    public override string Name => "deadlines";

    public override string Summary => "missed deadlines under open-loop load: FIFO, priority only, EDF, EDF with admission";

    public override IReadOnlyList<Option> Options { get; } =
    [
        new("seconds", "20", "length of each run"),
        new("places", "4", "MaxConcurrency of the queue"),
        new("loads", "50,70,90,100,120", "per cent of the measured capacity"),
        new("only", "", "policies, by the beginning of their name"),
        new("skip", "", "policies to leave out"),
    ];

    public override async Task<int> RunAsync(Arguments arguments, TextWriter output)
    {
        var machine = new Machine();
        Machine.WriteHead(output, Name);
        var load = new DeadlineLoad(Seed, LeastService, MostService, LeastDeadline, MostDeadline);
        var length = TimeSpan.FromSeconds(arguments.Integer("seconds"));
        var places = arguments.Integer("places");
        var policies = arguments.Choose(Enum.GetValues<DeadlinePolicy>(), DeadlinePolicies.NameOf);
        var table = new MarkdownTable("load, policy", "offered", "refused", "missed", "% of accepted", "lateness p50 ms", "p99 ms", "on time, % of offered");
        foreach (var percent in arguments.Text("loads").Split(',').Select(static text => int.Parse(text, CultureInfo.InvariantCulture)))
        {
            foreach (var policy in policies)
            {
                await using var run = await DeadlineRun.StartAsync(places, policy);
                var capacity = await run.MeasureCapacityAsync(load.Services(250 * places));
                var result = await run.OfferAsync(load.Arrivals(capacity * percent / 100, length), policy, load);
                table.Add(
                    $"{percent} %, {DeadlinePolicies.NameOf(policy)}",
                    $"{result.Offered}",
                    $"{result.Refused}",
                    $"{result.Late.Count}",
                    MarkdownTable.Figure(100 * result.MissedShare),
                    MarkdownTable.Figure(Statistics.Median(result.Late)),
                    MarkdownTable.Figure(Statistics.Quantile(result.Late, 0.99)),
                    MarkdownTable.Figure(100 * result.OnTimeShare));
            }
        }

        table.WriteTo(output);
        machine.WriteNoise(output);
        return 0;
    }
}
