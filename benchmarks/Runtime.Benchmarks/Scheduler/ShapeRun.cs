using Runtime.Benchmarks.Harness;
using Runtime.Benchmarks.Scheduler.Tokio;

namespace Runtime.Benchmarks.Scheduler;

/// <summary>Measures shapes one after another.</summary>
/// <param name="Alternation">How.</param>
/// <param name="ContendersOf">Makes the contenders of the shape of a name.</param>
internal sealed record ShapeRun(Alternation Alternation, Func<string, IReadOnlyList<ShapeContender>> ContendersOf)
{
    /// <summary>Gets the builds of Tokio that take part.</summary>
    public IReadOnlyList<TokioProgram> Tokio { get; init; } = [];

    /// <summary>Gets how many workers Tokio has.</summary>
    public int Workers { get; init; } = 2;

    public async Task<IReadOnlyList<ShapeResult>> MeasureAsync(IReadOnlyList<string> names)
    {
        // All of them once before the first counts: shapes share code, and the compiler's profile of it should not depend on their order.
        var glance = new Alternation { WarmUp = 2, Rounds = 0, Repeats = 1 };
        foreach (var name in names.Where(ShapeList.Has))
        {
            await ContenderSet.RunAsync(ContendersOf(name), glance.RunAsync);
        }

        List<ShapeResult> results = [];
        foreach (var name in names)
        {
            IReadOnlyList<Series> series = [];
            if (ShapeList.Has(name))
            {
                var turn = Alternation.WithOperations(ShapeList.OperationsOf(name));
                series = await ContenderSet.RunAsync(ContendersOf(name), turn.RunAsync);
            }

            results.Add(new ShapeResult(name, series, await MeasureTokioAsync(name)));
        }

        return results;
    }

    private async Task<IReadOnlyList<TokioSeries>> MeasureTokioAsync(string name)
    {
        List<TokioSeries> results = [];
        foreach (var program in Tokio)
        {
            if ((await program.ShapesAsync()).Contains(name, StringComparer.Ordinal))
            {
                results.Add(await program.MeasureAsync(name, Alternation.Rounds, Alternation.WarmUp, Alternation.Limit, Workers));
            }
        }

        return results;
    }
}
