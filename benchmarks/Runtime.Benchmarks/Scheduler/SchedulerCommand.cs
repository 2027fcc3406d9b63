using Runtime.Benchmarks.Harness;

namespace Runtime.Benchmarks.Scheduler;

/// <summary>The runtime's scheduler against the thread pool, shape by shape.</summary>
internal sealed class SchedulerCommand : BenchmarkCommand
{
    public override string Name => "scheduler";

    public override string Summary => "the runtime without any queue: Tokio's benches and more, against the thread pool";

    public override IReadOnlyList<Option> Options { get; } =
    [
        new("rounds", "30", "counted measurements of each contender and shape"),
        new("warmup", "8", "measurements before them"),
        new("seconds", "4", "limit of the counted measurements of one shape"),
        new("workers", "2", "workers of the runtime"),
        new("isolation", "None", "isolation of its workers: None, BelowNormal, Lowest, Idle"),
        new("quick", "false", "fewer and shorter measurements", IsFlag: true),
        new("only", "", "names, or beginnings of names, of the shapes to run, comma separated"),
        new("skip", "", "the same, of those not to run"),
    ];

    public override async Task<int> RunAsync(Arguments arguments, TextWriter output)
    {
        var machine = new Machine();
        Machine.WriteHead(output, "scheduler");
        await MeasureShapesAsync(arguments, output);
        machine.WriteNoise(output);
        return 0;
    }

    private static async Task MeasureShapesAsync(Arguments arguments, TextWriter output)
    {
        var names = arguments.Choose(ShapeList.Names(), n => n);
        var settings = RuntimeSettings.From(arguments);
        Func<string, IReadOnlyList<ShapeContender>> contenders = name =>
        [
            new RuntimeContender(RuntimeContender.ContenderName, settings, ShapeList.Make(name)),
            new PoolContender(ShapeList.Make(name)),
        ];
        var results = await ShapeRun.MeasureAsync(names, contenders, ShapeRun.AlternationFrom(arguments));
        var report = new ShapeReport(PoolContender.ContenderName);
        foreach (var (name, series) in results)
        {
            report.Add(name, series);
        }

        report.WriteTo(output);
        ThroughputReport.WriteSettings(output, results.SelectMany(r => r.Series));
    }
}
