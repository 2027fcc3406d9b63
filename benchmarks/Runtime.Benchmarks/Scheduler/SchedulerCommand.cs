using System.Diagnostics;
using Runtime.Benchmarks.Harness;
using Runtime.Benchmarks.Scheduler.CurrentThread;
using Runtime.Benchmarks.Scheduler.Studies;
using Runtime.Benchmarks.Scheduler.Tokio;

namespace Runtime.Benchmarks.Scheduler;

/// <summary>The runtime's scheduler against the thread pool, shape by shape, and against Tokio when asked.</summary>
internal sealed class SchedulerCommand : BenchmarkCommand
{
    public override string Name => "scheduler";

    public override string Summary => "the runtime without any queue: Tokio's benches and more, against the thread pool";

    public override IReadOnlyList<Option> Options { get; } =
    [
        new("rounds", "30", "counted measurements of each contender and shape"),
        new("warmup", "8", "measurements before them"),
        new("seconds", "4", "limit of the counted measurements of one shape"),
        new("workers", "2", "workers of the runtime, and of Tokio"),
        new("isolation", "None", "isolation of its workers: None, BelowNormal, Lowest, Idle"),
        new("quick", "false", "under a minute: shorter and fewer measurements, no deep queues", IsFlag: true),
        new("tokio", "false", "also Debian's Tokio (apt-get install librust-tokio-dev), built by cargo offline", IsFlag: true),
        new("tokio-newest", "false", "also the newest Tokio of the registry that cargo is configured for", IsFlag: true),
        new("tokio-program", "", "also builds of benchmarks/tokio that exist already: name=path, comma separated"),
        new("tokio-preload", "", "runs every Tokio a second time with this library loaded first: another allocator"),
        new("study-shapes", "", "shapes of the studies workers and metrics by the beginnings of their names, comma separated, or all; five when empty"),
        new("only", "", "names, or beginnings of names, of the shapes and studies to run, comma separated"),
        new("skip", "", "the same, of those not to run"),
        new("contenders", "", "of the shapes, only these contenders (for a profile): ours, threadpool"),
    ];

    public override async Task<int> RunAsync(Arguments arguments, TextWriter output)
    {
        var machine = new Machine();
        var began = Stopwatch.GetTimestamp();
        var tokio = await TokioProgramsAsync(arguments);
        Machine.WriteHead(output, "scheduler");
        var quick = arguments.Flag("quick");
        var context = new StudyContext(
            RuntimeSettings.From(arguments),
            new Alternation
            {
                WarmUp = quick ? Math.Min(4, arguments.Integer("warmup")) : arguments.Integer("warmup"),
                Rounds = arguments.Integer("rounds"),
                Repeats = 1,
                Limit = TimeSpan.FromSeconds(quick ? 0.6 : arguments.Integer("seconds")),
            },
            quick,
            StudyShapes(arguments.Text("study-shapes")));
        await MeasureShapesAsync(arguments, context, tokio, output);
        foreach (var study in arguments.Choose(StudyList.All, s => s.Name))
        {
            await study.RunAsync(context, output);
        }

        machine.WriteNoise(output);
        if (tokio.Count > 0)
        {
            await output.WriteLineAsync("Tokio's own processes count among the others.\n");
        }

        await output.WriteLineAsync($"The run took {Stopwatch.GetElapsedTime(began).TotalSeconds:N0} s.\n");
        return 0;
    }

    private static async Task MeasureShapesAsync(Arguments arguments, StudyContext context, IReadOnlyList<TokioProgram> tokio, TextWriter output)
    {
        List<string> names = [.. ShapeList.Names(), .. ShapeList.ExecutorNames()];
        foreach (var program in tokio)
        {
            names.AddRange((await program.ShapesAsync()).Where(static name => !name.StartsWith("timer_", StringComparison.Ordinal))); // those that only Tokio has are at the end
        }

        var chosen = arguments.Choose(names.Distinct(StringComparer.Ordinal), n => n);
        if (chosen.Count == 0)
        {
            return;
        }

        var run = new ShapeRun(
            context.Alternation,
            name => [.. Contenders(name, context).Where(c => arguments.Text("contenders") is not { Length: > 0 } wanted || wanted.Split(',').Contains(c.Name, StringComparer.Ordinal))])
        {
            Tokio = tokio,
            Workers = context.Settings.Workers,
        };
        var results = await run.MeasureAsync(chosen);
        ShapeReport.Write(output, results, PoolContender.ContenderName);
        ShapeReport.WriteAgainstTokio(output, results);
        ThroughputReport.WriteSettings(output, results.SelectMany(r => r.Series));
    }

    private static ShapeContender[] Contenders(string shape, StudyContext context) => ShapeList.IsForExecutor(shape)
        ? [new ExecutorContender(ShapeList.MakeForExecutor(shape))]
        : [new RuntimeContender(RuntimeContender.ContenderName, context.Settings, ShapeList.Make(shape)), new PoolContender(ShapeList.Make(shape))];

    // None means that the studies choose. Those that have no runtime are none of theirs.
    private static string[] StudyShapes(string text)
    {
        string[] words = text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return [.. ShapeList.Names().Where(n => Array.Exists(words, w => w == "all" || n.StartsWith(w, StringComparison.Ordinal)))];
    }

    private static async Task<IReadOnlyList<TokioProgram>> TokioProgramsAsync(Arguments arguments)
    {
        List<TokioProgram> programs = [];
        if (arguments.Flag("tokio"))
        {
            programs.Add(await CargoProject.BuildWithDebianAsync());
        }

        if (arguments.Flag("tokio-newest"))
        {
            try
            {
                programs.Add(await CargoProject.BuildWithRegistryAsync());
            }
            catch (InvalidOperationException exception)
            {
                // Without a network the rest is still worth measuring.
                await Console.Error.WriteLineAsync(exception.Message);
            }
        }

        foreach (var pair in arguments.Text("tokio-program").Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            programs.Add(new TokioProgram(pair.Split('=', 2)[0], pair.Split('=', 2)[1]));
        }

        if (arguments.Text("tokio-preload") is { Length: > 0 } library)
        {
            programs.AddRange([.. programs.Select(p => p.WithPreload(library))]);
        }

        return programs;
    }
}
