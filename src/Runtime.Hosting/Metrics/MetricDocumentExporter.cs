using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Runtime.Hosting.Metrics;

/// <summary>Turns what OpenTelemetry has aggregated into a document. Runs inside <see cref="MetricReader.Collect"/>, on the scraper's thread.</summary>
internal sealed class MetricDocumentExporter : BaseExporter<Metric>
{
    // Written by Export, taken by TakeText; both under the scraper's gate.
    private string? _text;

    public override ExportResult Export(in Batch<Metric> batch)
    {
        var metrics = new List<Metric>();
        foreach (var metric in batch)
        {
            metrics.Add(metric);
        }

        var document = new MetricDocument();
        foreach (var metric in metrics.OrderBy(static metric => metric.MeterName, StringComparer.Ordinal).ThenBy(static metric => metric.Name, StringComparer.Ordinal))
        {
            Add(document, metric);
        }

        _text = document.Write();
        return ExportResult.Success;
    }

    /// <summary>Takes the text of the collection that has just run.</summary>
    public string? TakeText() => Interlocked.Exchange(ref _text, null);

    private static void Add(MetricDocument document, Metric metric)
    {
        foreach (ref readonly var point in metric.GetMetricPoints())
        {
            var tags = new List<KeyValuePair<string, object?>>();
            foreach (var tag in point.Tags)
            {
                tags.Add(tag);
            }

            if (Read(metric.MetricType, in point) is var (type, series))
            {
                document.Add(metric.MeterName, metric.Name, metric.Unit, metric.Description, type, tags, series);
            }
        }
    }

    private static (FamilyType Type, MetricSeries Series)? Read(MetricType type, ref readonly MetricPoint point) => type switch
    {
        MetricType.LongSum => (FamilyType.Counter, new(point.GetSumLong())),
        MetricType.DoubleSum => (FamilyType.Counter, new(point.GetSumDouble())),
        MetricType.LongSumNonMonotonic => (FamilyType.Gauge, new(point.GetSumLong())),
        MetricType.DoubleSumNonMonotonic => (FamilyType.Gauge, new(point.GetSumDouble())),
        MetricType.LongGauge => (FamilyType.Gauge, new(point.GetGaugeLastValueLong())),
        MetricType.DoubleGauge => (FamilyType.Gauge, new(point.GetGaugeLastValueDouble())),
        MetricType.Histogram => (FamilyType.Histogram, Histogram(in point)),
        _ => null, // exponential histograms: no view asks for them, and the format has no word for them
    };

    private static MetricSeries Histogram(ref readonly MetricPoint point)
    {
        var buckets = new List<(double Bound, long Count)>();
        foreach (var bucket in point.GetHistogramBuckets())
        {
            buckets.Add((bucket.ExplicitBound, bucket.BucketCount));
        }

        if (buckets.Count == 0)
        {
            buckets.Add((double.PositiveInfinity, point.GetHistogramCount()));
        }

        return new(point.GetHistogramSum(), buckets);
    }
}
