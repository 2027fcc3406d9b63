using System.Globalization;
using Runtime.Benchmarks.Harness;

namespace Runtime.Benchmarks.IO;

/// <summary>What one server did in all turns of one load.</summary>
internal sealed class IoSeries(string name)
{
    private readonly List<(LoadResult Result, Cost Cost)> _turns = [];

    public string Name => name;

    public IReadOnlyList<double> Rates => [.. _turns.Select(static turn => turn.Result.Rate)];

    public IReadOnlyList<double> P99 => [.. _turns.Select(static turn => turn.Result.P99)];

    public double MedianRate => Statistics.Median(Rates);

    public void Add(LoadResult result, Cost cost) => _turns.Add((result, cost));

    /// <summary>A row, with ratios of the same turns against another's.</summary>
    public string[] Row(string load, IoSeries other)
    {
        double PerOperation(Func<Cost, double> cost) => Statistics.Median([.. _turns.Select(turn => cost(turn.Cost) / turn.Result.RoundTrips)]);
        return
        [
            load,
            name,
            MedianRate.ToString("N0", CultureInfo.InvariantCulture),
            MarkdownTable.Figure(Statistics.Median([.. Rates.Zip(other.Rates, static (mine, theirs) => mine / theirs)])),
            MarkdownTable.Figure(Statistics.Median([.. _turns.Select(static turn => turn.Result.P50)])),
            MarkdownTable.Figure(Statistics.Median(P99)),
            MarkdownTable.Figure(Statistics.Median([.. P99.Zip(other.P99, static (mine, theirs) => theirs / mine)])),
            MarkdownTable.Figure(PerOperation(static cost => cost.Processor * 1e6)),
            MarkdownTable.Figure(PerOperation(static cost => (cost.Voluntary + cost.Involuntary) * 1000.0)),
            MarkdownTable.Figure(PerOperation(static cost => cost.Allocated)),
        ];
    }

    public static MarkdownTable Table() =>
        new("load", "server", "round trips/s", "× pool", "p50 µs", "p99 µs", "p99: × pool", "CPU µs/op", "switches/1000", "B/op");
}
