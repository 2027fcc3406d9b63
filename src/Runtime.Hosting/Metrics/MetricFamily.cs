namespace Runtime.Hosting.Metrics;

/// <summary>The types that the text format knows.</summary>
internal enum FamilyType
{
    Counter,
    Gauge,
    Histogram,
}

/// <summary>All series of one name.</summary>
internal sealed class MetricFamily(string name, FamilyType type, string help)
{
    // By the rendered labels, so that the order is fixed and a label set cannot appear twice: a scrape with a doubled series is refused whole.
    private readonly SortedDictionary<string, MetricSeries> _series = new(StringComparer.Ordinal);

    public string Name => name;

    public FamilyType Type => type;

    public string Help => help;

    public IReadOnlyDictionary<string, MetricSeries> Series => _series;

    /// <summary>Adds a series. A second one with the same labels is added up with the first; of a level, the later one counts.</summary>
    public void Add(string labels, MetricSeries series) =>
        _series[labels] = type != FamilyType.Gauge && _series.TryGetValue(labels, out var first) ? first.Plus(series) : series;
}

/// <summary>One value or one histogram.</summary>
/// <param name="Value">The value, or a histogram's sum.</param>
/// <param name="Buckets">A histogram's buckets: upper bound, and how many fell in this bucket alone; the last bound is +∞.</param>
internal sealed record MetricSeries(double Value, IReadOnlyList<(double Bound, long Count)>? Buckets = null)
{
    public MetricSeries Plus(MetricSeries other)
    {
        if (Buckets is null || other.Buckets is null)
        {
            return new(Value + other.Value);
        }

        // Other bounds cannot be added up; the first histogram stays.
        return Buckets.Select(static bucket => bucket.Bound).SequenceEqual(other.Buckets.Select(static bucket => bucket.Bound))
            ? new(Value + other.Value, [.. Buckets.Zip(other.Buckets, static (left, right) => (left.Bound, left.Count + right.Count))])
            : this;
    }
}
