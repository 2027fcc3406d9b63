namespace Runtime.Hosting.Metrics;

/// <summary>Collects what one scrape shows, and settles which name belongs to whom.</summary>
internal sealed class MetricDocument
{
    private readonly Dictionary<string, MetricFamily> _families = new(StringComparer.Ordinal);

    // Which meter a family's name came from first.
    private readonly Dictionary<string, string> _owners = new(StringComparer.Ordinal);

    /// <summary>Adds one series.</summary>
    /// <param name="meter">The meter's name.</param>
    /// <param name="instrument">The instrument's name.</param>
    /// <param name="unit">Its unit.</param>
    /// <param name="description">What it tells.</param>
    /// <param name="type">Its type.</param>
    /// <param name="tags">The series' tags.</param>
    /// <param name="series">Its value, in the instrument's unit.</param>
    public void Add(
        string meter, string instrument, string? unit, string? description, FamilyType type, IEnumerable<KeyValuePair<string, object?>> tags, MetricSeries series)
    {
        var prometheusUnit = PrometheusUnit.Of(unit, type == FamilyType.Gauge);
        var name = PrometheusNames.Family(instrument, prometheusUnit, type == FamilyType.Counter);
        if (!_families.TryGetValue(name, out var family))
        {
            family = new(name, type, string.IsNullOrWhiteSpace(description) ? $"The instrument {instrument} of the meter {meter}." : description);
            _families.Add(name, family);
            _owners.Add(name, meter);
        }
        else if (family.Type != type)
        {
            return; // one name cannot have two types; the first instrument by meter and name keeps it
        }

        // Two meters may use one name for two things: then the later one says whose it is.
        var all = _owners[name] == meter ? tags : tags.Append(new("otel_scope_name", meter));
        family.Add(PrometheusText.Labels(all), Scale(series, prometheusUnit.Factor));
    }

    /// <summary>Renders everything that was added.</summary>
    public string Write() => PrometheusText.Write(_families.Values);

    private static MetricSeries Scale(MetricSeries series, double factor) =>
        factor is 1 ? series : new(series.Value * factor, series.Buckets?.Select(bucket => (bucket.Bound * factor, bucket.Count)).ToArray());
}
