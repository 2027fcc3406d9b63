using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Runtime.Benchmarks.Harness;
using Runtime.Core;
using Runtime.Core.Tuning;

namespace Runtime.Benchmarks.Tuning;

/// <summary>Leaves the tuner alone with a load, then measures where it has settled against fixed worker counts, in turn.</summary>
/// <remarks>One runtime and one load throughout: what is compared differs in nothing but the count, and what disturbs the machine disturbs all of them.</remarks>
internal sealed class TunerCommand : BenchmarkCommand
{
    private const int MostWorkers = 64;
    private static readonly int[] Counts = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, MostWorkers];

    // New threads start, surplus ones end, before a count is measured.
    private static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(300);

    public override string Name => "tuner";

    public override string Summary => "where the tuner settles, against a sweep of fixed worker counts";

    public override IReadOnlyList<Option> Options { get; } =
    [
        new("only", "", "loads to measure, by the beginning of their names"),
        new("skip", "", "loads to leave out"),
        new("start", "2", "workers at the start"),
        new("settle", "45", "seconds for which the tuner is left alone"),
        new("rounds", "5", "measurements of each count"),
        new("milliseconds", "1000", "length of each"),
    ];

    public override async Task<int> RunAsync(Arguments arguments, TextWriter output)
    {
        var machine = new Machine();
        Machine.WriteHead(output, "tuner");
        var table = new MarkdownTable("load", "start", "settled at", "items/s there", "best fixed", "items/s there", "tuner/best", "items/s at start", "kept", "undone");
        foreach (var load in arguments.Choose(TunedLoad.All, static load => load.Name))
        {
            await MeasureAsync(load, arguments, table, output);
        }

        await output.WriteLineAsync();
        table.WriteTo(output);
        machine.WriteNoise(output);
        return 0;
    }

    private static async Task MeasureAsync(TunedLoad load, Arguments arguments, MarkdownTable table, TextWriter output)
    {
        var start = arguments.Integer("start");
        using var host = Build(load, start);
        await host.StartAsync();
        var (runtime, tuner) = (host.Services.GetRequiredService<AsyncRuntime>(), host.Services.GetRequiredService<Tuner>());
        using var stop = new CancellationTokenSource();
        var items = load.RunAsync(runtime, stop.Token);
        await Task.Delay(TimeSpan.FromSeconds(arguments.Integer("settle")), TimeProvider.System);
        tuner.Freeze("what it has found is measured");
        while (tuner.Decisions is [.., { Outcome: TuningOutcome.Applied }])
        {
            await Task.Delay(Settling, TimeProvider.System); // until the trial under way is undone
        }

        var settled = tuner.Decisions.LastOrDefault(static decision => decision is { Knob: TuningKnob.WorkerThreads, Outcome: TuningOutcome.Kept })?.To ?? start;
        var done = new Dictionary<int, List<double>>();
        for (var round = 0; round < arguments.Integer("rounds"); round++)
        {
            var counts = Counts.Append(settled).Append(start).Distinct();
            foreach (var count in round % 2 == 0 ? counts : counts.Reverse())
            {
                runtime.Reconfigure(OptionsOf(load, count));
                await Task.Delay(Settling, TimeProvider.System);
                (done.TryGetValue(count, out var rates) ? rates : done[count] = []).Add(await RateAsync(runtime, TimeSpan.FromMilliseconds(arguments.Integer("milliseconds"))));
            }
        }

        await stop.CancelAsync();
        await items;
        await host.StopAsync();
        var medians = done.ToDictionary(static count => count.Key, static count => Statistics.Quantile([.. count.Value], 0.5));
        var best = medians.MaxBy(static count => count.Value);
        await output.WriteLineAsync($"{load.Name}: " + string.Join(", ", medians.OrderBy(static count => count.Key).Select(static count => $"{count.Key}: {MarkdownTable.Figure(count.Value)}")));
        table.Add(
            load.Name, Text(start), Text(settled), MarkdownTable.Figure(medians[settled]), Text(best.Key), MarkdownTable.Figure(best.Value), MarkdownTable.Figure(medians[settled] / best.Value),
            MarkdownTable.Figure(medians[start]), Text(Count(tuner, TuningOutcome.Kept)), Text(Count(tuner, TuningOutcome.Undone) + Count(tuner, TuningOutcome.Inconclusive)));
    }

    private static async Task<double> RateAsync(AsyncRuntime runtime, TimeSpan length)
    {
        var (before, began) = (runtime.Snapshot().Executed, Stopwatch.GetTimestamp());
        await Task.Delay(length, TimeProvider.System);
        return (runtime.Snapshot().Executed - before) / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static AsyncRuntimeOptions OptionsOf(TunedLoad load, int workers) =>
        new() { WorkerThreads = workers, MaxWorkerThreads = MostWorkers, MaxReserveThreads = load.ReserveThreads, Isolation = WorkerIsolation.None };

    private static IHost Build(TunedLoad load, int start)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["AsyncRuntime:WorkerThreads"] = Text(start),
            ["AsyncRuntime:MaxWorkerThreads"] = Text(MostWorkers),
            ["AsyncRuntime:MaxReserveThreads"] = Text(load.ReserveThreads),
            ["AsyncRuntime:Isolation"] = $"{WorkerIsolation.None}",
            ["AsyncRuntime:Tuner:Interval"] = "00:00:00.500",
        });
        builder.Services.AddAsyncRuntime();
        return builder.Build();
    }

    private static int Count(Tuner tuner, TuningOutcome outcome) => tuner.Decisions.Count(decision => decision.Outcome == outcome);

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
