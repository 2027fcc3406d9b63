using Runtime.Benchmarks.Harness;

namespace Runtime.Benchmarks.Scheduler;

/// <summary>Measures shapes one after another.</summary>
internal static class ShapeRun
{
    public static async Task<IReadOnlyList<(string Shape, IReadOnlyList<Series> Series)>> MeasureAsync(
        IReadOnlyList<string> names, Func<string, IReadOnlyList<ShapeContender>> contendersOf, Alternation alternation)
    {
        // All of them once before the first counts: shapes share code, and the compiler's profile of it should not depend on their order.
        var glance = new Alternation { WarmUp = 2, Rounds = 0, Repeats = 1 };
        foreach (var name in names)
        {
            await ContenderSet.RunAsync(contendersOf(name), glance.RunAsync);
        }

        List<(string, IReadOnlyList<Series>)> results = [];
        foreach (var name in names)
        {
            var turn = alternation.WithOperations(ShapeList.Make(name).Operations);
            results.Add((name, await ContenderSet.RunAsync(contendersOf(name), turn.RunAsync)));
        }

        return results;
    }

    public static Alternation AlternationFrom(Arguments arguments)
    {
        var quick = arguments.Flag("quick");
        return new Alternation
        {
            WarmUp = arguments.Integer("warmup"),
            Rounds = arguments.Integer("rounds"),
            Repeats = 1,
            Limit = TimeSpan.FromSeconds(quick ? 1 : arguments.Integer("seconds")),
        };
    }
}
