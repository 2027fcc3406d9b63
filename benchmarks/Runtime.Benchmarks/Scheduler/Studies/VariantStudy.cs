namespace Runtime.Benchmarks.Scheduler.Studies;

/// <summary>The runtime against itself with another setting.</summary>
internal sealed class VariantStudy(string name, string title, Func<RuntimeSettings, IReadOnlyDictionary<string, RuntimeSettings>> variantsOf) : Study
{
    // What workers do for each other, which is where variants differ, if anywhere; --study-shapes asks for others.
    private static readonly string[] Shapes = ["spawn_from_worker", "spawn_many_local", "yield_many", "ping_pong", "chained_spawn"];

    public override string Name => name;

    public override async Task RunAsync(StudyContext context, TextWriter output)
    {
        var variants = variantsOf(context.Settings);
        var run = new ShapeRun(
            context.Alternation,
            shape => [.. variants.Select(v => new RuntimeContender(v.Key, v.Value, ShapeList.Make(shape)))]);
        var results = await run.MeasureAsync(context.Shapes.Count == 0 ? Shapes : context.Shapes);
        await output.WriteLineAsync($"### {title}\n");
        ShapeReport.Write(output, results, variants.Keys.First());
    }
}
