using System.Diagnostics;

namespace Runtime.Benchmarks.Harness;

/// <summary>Runs contenders in turn, so that what disturbs the machine disturbs all of them alike.</summary>
internal sealed class Alternation
{
    /// <summary>Gets how many measurements are made and not counted: tiered compilation, its profile, pool threads and caches settle in them.</summary>
    public int WarmUp { get; init; } = 10;

    /// <summary>Gets how many measurements count.</summary>
    public int Rounds { get; init; } = 30;

    /// <summary>Gets how many operations one round has.</summary>
    public int Operations { get; init; } = 10_000;

    /// <summary>Gets how many rounds follow each other at once and count as one measurement, so that the collections they cause fall inside it.</summary>
    public int Repeats { get; init; } = 10;

    /// <summary>Gets how long the counted measurements may take in all, and the others; the turn that passes it is the last.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(40);

    /// <summary>Takes the figures from the command line.</summary>
    public static Alternation From(Arguments arguments) => new()
    {
        WarmUp = arguments.Integer("warmup"),
        Repeats = arguments.Has("repeats") ? arguments.Integer("repeats") : 1,
        Rounds = arguments.Integer("rounds"),
        Operations = arguments.Integer("items"),
        Limit = TimeSpan.FromSeconds(arguments.Integer("seconds")),
    };

    /// <summary>Makes the same with another number of operations in a round.</summary>
    public Alternation WithOperations(int operations) =>
        new() { WarmUp = WarmUp, Rounds = Rounds, Operations = operations, Repeats = Repeats, Limit = Limit };

    /// <summary>Runs the contenders, which must be started. Every second round goes through them backwards.</summary>
    public async Task<IReadOnlyList<Series>> RunAsync(IReadOnlyList<Contender> contenders)
    {
        var warming = Stopwatch.GetTimestamp();
        for (var round = 0; round < WarmUp && Stopwatch.GetElapsedTime(warming) < Limit; round++)
        {
            foreach (var contender in contenders)
            {
                await Task.Run(() => RepeatAsync(contender));
            }
        }

        Series[] results = [.. contenders.Select(c => new Series(c.Name, c.Settings, Operations * c.RepeatsOf(Repeats)))];
        var began = Stopwatch.GetTimestamp();
        for (var round = 0; round < Rounds && Stopwatch.GetElapsedTime(began) < Limit; round++)
        {
            for (var i = 0; i < contenders.Count; i++)
            {
                var index = round % 2 == 0 ? i : contenders.Count - 1 - i;
                results[index].Add(await MeasureAsync(contenders[index]));
            }
        }

        return results;
    }

    private async Task<Measurement> MeasureAsync(Contender contender)
    {
        // One contender's garbage must not be collected at the next one's expense.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();

        var before = Cost.Read();
        var lap = await Task.Run(() => RepeatAsync(contender));
        return new Measurement(lap, Cost.Read() - before);
    }

    private Task<Lap> RepeatAsync(Contender contender) => contender.RepeatAsync(Operations, contender.RepeatsOf(Repeats));
}
