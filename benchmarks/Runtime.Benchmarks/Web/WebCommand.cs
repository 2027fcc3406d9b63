using System.Globalization;
using Runtime.Benchmarks.Harness;

namespace Runtime.Benchmarks.Web;

/// <summary>What background work does to requests: a minimal API at parts of its idle capacity beside a saturating storm of jobs, run in one way after another.</summary>
internal sealed class WebCommand : BenchmarkCommand
{
    private static readonly string[] Ways = ["nothing", "task-run", "channel-1", "channel-2", "None", "BelowNormal", "Lowest", "Idle", "Idle/1"];

    public override string Name => "web";

    public override string Summary => "requests beside a storm of background jobs: nothing, Task.Run, a channel, this project at each isolation";

    public override IReadOnlyList<Option> Options { get; } =
    [
        new("seconds", "5", "of each run"),
        new("turns", "3", "how often each way has its turn"),
        new("loads", "20,50,80", "percent of the capacity that the application has with nothing beside it"),
        new("storms", "cpu,memory,blocking", "kinds of jobs"),
        new("connections", "16", "keep-alive connections"),
        new("chart", "", "where to write a picture of the first storm's p99"),
        .. ContenderOptions.All,
    ];

    public override async Task<int> RunAsync(Arguments arguments, TextWriter output)
    {
        var machine = new Machine();
        Machine.WriteHead(output, "web");
        var ways = arguments.Choose(Ways, static way => way);
        var loads = arguments.Text("loads").Split(',').Select(static l => int.Parse(l, CultureInfo.InvariantCulture)).ToArray();
        var capacity = await CapacityAsync(arguments);
        await output.WriteLineAsync($"Capacity with nothing beside it: {capacity.ToString("N0", CultureInfo.InvariantCulture)} requests/s on {arguments.Text("connections")} connections.\n");
        WebChart? chart = arguments.Text("chart") is { Length: > 0 } path ? new WebChart(path, loads) : null;
        foreach (var storm in arguments.Text("storms").Split(','))
        {
            var all = ways.ToDictionary(static way => way, _ => loads.ToDictionary(static load => load, static _ => new List<WebRun>()), StringComparer.Ordinal);
            for (var turn = 0; turn < arguments.Integer("turns"); turn++)
            {
                foreach (var way in turn % 2 == 0 ? ways : Enumerable.Reverse(ways))
                {
                    await RunAsync(way, storm, arguments, capacity, turn, all[way]);
                }
            }

            WriteTable(output, storm, arguments.Integer("seconds"), all);
            chart?.Add(storm, all);
            chart = null;
        }

        machine.WriteNoise(output);
        return 0;
    }

    private static async Task<double> CapacityAsync(Arguments arguments)
    {
        await using var server = new ChildProcess("web-server", "--way", "nothing");
        await using var load = new ChildProcess("web-load");
        await load.AskAsync($"connect {await server.AskAsync("port")} {arguments.Text("connections")}");
        await load.AskAsync("closed 3");
        return double.Parse(await load.AskAsync($"closed {arguments.Text("seconds")}"), CultureInfo.InvariantCulture);
    }

    private static async Task RunAsync(string way, string storm, Arguments arguments, double capacity, int turn, Dictionary<int, List<WebRun>> runs)
    {
        var seconds = arguments.Integer("seconds");
        await using var server = new ChildProcess("web-server", "--way", way, "--storm", storm);
        await using var load = new ChildProcess("web-load");
        await load.AskAsync($"connect {await server.AskAsync("port")} {arguments.Text("connections")}");
        await load.AskAsync("closed 3"); // what is compiled on the way is compiled
        await server.AskAsync("start");
        foreach (var percent in runs.Keys)
        {
            var before = Figures(await server.AskAsync("figures"));
            var rate = capacity * percent / 100;
            var result = WebResult.Parse(await load.AskAsync(string.Create(CultureInfo.InvariantCulture, $"open {rate} {seconds} {turn}")));
            var after = Figures(await server.AskAsync("figures"));
            runs[percent].Add(new WebRun(result, (after.Done - before.Done) / seconds, (after.Processor - before.Processor) / seconds));
        }
    }

    private static (double Done, double Processor) Figures(string line)
    {
        var words = line.Split(' ');
        return (double.Parse(words[0], CultureInfo.InvariantCulture), double.Parse(words[1], CultureInfo.InvariantCulture));
    }

    private static void WriteTable(TextWriter output, string storm, int seconds, Dictionary<string, Dictionary<int, List<WebRun>>> all)
    {
        var table = new MarkdownTable("storm", "load %", "way", "offered/s", "answered %", "p50 ms", "p99 ms", "p99.9 ms", "p99 × nothing", "jobs/s", "CPU");
        foreach (var percent in all.Values.First().Keys)
        {
            var baseline = all.TryGetValue("nothing", out var nothing) ? Median(nothing[percent], static run => run.Result.P99) : double.NaN;
            foreach (var (way, runs) in all)
            {
                var mine = runs[percent];
                table.Add(
                    storm,
                    percent.ToString(CultureInfo.InvariantCulture),
                    way,
                    MarkdownTable.Figure(Median(mine, static run => run.Result.Offered) / seconds),
                    MarkdownTable.Figure(Median(mine, static run => 100.0 * run.Result.Answered / run.Result.Offered)),
                    MarkdownTable.Figure(Median(mine, static run => run.Result.P50) / 1_000),
                    MarkdownTable.Figure(Median(mine, static run => run.Result.P99) / 1_000),
                    MarkdownTable.Figure(Median(mine, static run => run.Result.P999) / 1_000),
                    MarkdownTable.Figure(Median(mine, static run => run.Result.P99) / baseline),
                    MarkdownTable.Figure(Median(mine, static run => run.Jobs)),
                    MarkdownTable.Figure(Median(mine, static run => run.Processor)));
            }
        }

        table.WriteTo(output);
    }

    private static double Median(List<WebRun> runs, Func<WebRun, double> figure) => Statistics.Median([.. runs.Select(figure)]);
}

/// <summary>One way's run at one load.</summary>
/// <param name="Result">What became of the requests.</param>
/// <param name="Jobs">Jobs done a second.</param>
/// <param name="Processor">Processors that the application used.</param>
internal sealed record WebRun(WebResult Result, double Jobs, double Processor);
