using System.Globalization;
using Runtime.Benchmarks.Harness;

namespace Runtime.Benchmarks.Latency;

/// <summary>The table of the latencies, lowest median first.</summary>
internal static class LatencyReport
{
    public static void Write(TextWriter output, IReadOnlyList<LatencySeries> results)
    {
        var table = new MarkdownTable("contender", "samples", "min", "p50", "p90", "p99", "max", "call p50");
        foreach (var result in results.OrderBy(r => Statistics.Median(r.Started)))
        {
            table.Add(
                result.Name,
                result.Started.Count.ToString(CultureInfo.InvariantCulture),
                MarkdownTable.Figure(Statistics.Quantile(result.Started, 0)),
                MarkdownTable.Figure(Statistics.Median(result.Started)),
                MarkdownTable.Figure(Statistics.Quantile(result.Started, 0.9)),
                MarkdownTable.Figure(Statistics.Quantile(result.Started, 0.99)),
                MarkdownTable.Figure(Statistics.Quantile(result.Started, 1)),
                MarkdownTable.Figure(Statistics.Median(result.Returned)));
        }

        table.WriteTo(output);
    }
}
