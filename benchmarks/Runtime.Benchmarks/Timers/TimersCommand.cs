using System.Globalization;
using Runtime.Benchmarks.Harness;
using Runtime.Benchmarks.Scheduler.Tokio;
using Runtime.Core;

namespace Runtime.Benchmarks.Timers;

/// <summary>The timers against <see cref="System.Threading.Timer"/> and <see cref="Task.Delay(TimeSpan)"/>.</summary>
internal sealed class TimersCommand : BenchmarkCommand
{
    private const string Baseline = "system";

    public override string Name => "timers";

    public override string Summary => "arm, cancel, re-arm and fire, against System.Threading.Timer and Task.Delay";

    public override IReadOnlyList<Option> Options { get; } =
    [
        new("rounds", "20", "counted measurements of each contender"),
        new("warmup", "4", "measurements before them"),
        new("seconds", "5", "limit of the counted measurements of each shape"),
        new("most", "1000000", "the most live timers; 10000000 takes some GB"),
        new("punctual", "10", "seconds for which ticks are watched; 0: not at all"),
        new("tokio", "false", "also Debian's Tokio (apt-get install librust-tokio-dev), built by cargo offline", IsFlag: true),
        .. ContenderOptions.All,
    ];

    public override async Task<int> RunAsync(Arguments arguments, TextWriter output)
    {
        var machine = new Machine();
        Machine.WriteHead(output, "timers");
        var table = new MarkdownTable("shape", "timers", "n", "ns/op", "min", "p99", $"× {Baseline}", "first half", "B/op", "CPU ns/op", "GC 0/1/2");
        await using var runtime = new AsyncRuntime(new AsyncRuntimeOptions { WorkerThreads = 2, Isolation = WorkerIsolation.None });
        await runtime.StartAsync();
        var tokio = arguments.Flag("tokio") ? await CargoProject.BuildWithDebianAsync() : null;
        var tokioShapes = tokio is null ? [] : await tokio.ShapesAsync();
        var only = arguments.Text("only");
        foreach (var shape in TimerShapes.All(runtime, arguments.Integer("most")).Where(s => only.Length == 0 || only.Split(',').Any(o => s.Name.StartsWith(o, StringComparison.Ordinal))))
        {
            var alternation = new Alternation
            {
                WarmUp = arguments.Integer("warmup"),
                Rounds = arguments.Integer("rounds"),
                Operations = shape.Operations,
                Repeats = shape.Repeats,
                Limit = TimeSpan.FromSeconds(arguments.Integer("seconds")),
            };
            var results = await ContenderSet.RunAsync<Contender, IReadOnlyList<Series>>([shape.Make(new RuntimeKit(runtime), runtime), shape.Make(new SystemKit(), null)], alternation.RunAsync);
            foreach (var result in results)
            {
                table.Add(
                    shape.Name,
                    result.Name,
                    result.Count.ToString(CultureInfo.InvariantCulture),
                    Nanoseconds(Statistics.Median(result.Done)),
                    Nanoseconds(Statistics.Quantile(result.Done, 0)),
                    Nanoseconds(Statistics.Quantile(result.Done, 0.99)),
                    MarkdownTable.Figure(result.SpeedAgainst(results[^1])),
                    Nanoseconds(Statistics.Median(result.Submitted)),
                    MarkdownTable.Figure(Statistics.Median(result.Bytes)),
                    Nanoseconds(Statistics.Median(result.Processor)),
                    result.Collections);
            }

            if (tokioShapes.Contains("timer_" + shape.Name, StringComparer.Ordinal))
            {
                AddTokio(table, shape, await tokio!.MeasureAsync("timer_" + shape.Name, alternation.Rounds, alternation.WarmUp, alternation.Limit, workers: 2), results[^1]);
            }
        }

        table.WriteTo(output);
        if (arguments.Integer("punctual") is var seconds and > 0)
        {
            await new Punctuality(TimeSpan.FromSeconds(seconds)).WriteAsync(runtime, output);
        }

        machine.WriteNoise(output);
        return 0;
    }

    private static void AddTokio(MarkdownTable table, TimerShape shape, TokioSeries series, Series baseline)
    {
        double[] times = [.. series.Measurements.Select(static m => m.Nanoseconds)];
        table.Add(
            shape.Name,
            series.Name,
            times.Length.ToString(CultureInfo.InvariantCulture),
            MarkdownTable.Figure(Statistics.Median(times)),
            MarkdownTable.Figure(Statistics.Quantile(times, 0)),
            MarkdownTable.Figure(Statistics.Quantile(times, 0.99)),
            MarkdownTable.Figure(1_000 * Statistics.Median(baseline.Done) / Statistics.Median(times)),
            "-",
            "-",
            MarkdownTable.Figure(Statistics.Median([.. series.Measurements.Select(static m => m.Processor)])),
            "-");
    }

    private static string Nanoseconds(double microseconds) => MarkdownTable.Figure(1_000 * microseconds);
}
