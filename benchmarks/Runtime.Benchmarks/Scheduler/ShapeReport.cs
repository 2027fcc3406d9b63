using System.Globalization;
using Runtime.Benchmarks.Harness;

namespace Runtime.Benchmarks.Scheduler;

/// <summary>The table of all shapes: a row for each contender, nanoseconds.</summary>
internal sealed class ShapeReport(string baselineName)
{
    private readonly MarkdownTable _table = new(
        "shape", "contender", "n", "ns/op", "min", "p99", $"× {baselineName}", "B/op", "CPU ns/op", "switches/1000", "GC 0/1/2", "GC pause ns/op");

    public void Add(string shape, IReadOnlyList<Series> results)
    {
        var baseline = results.FirstOrDefault(r => r.Name == baselineName);
        foreach (var result in results)
        {
            double[] nanoseconds = [.. result.Done.Select(microseconds => microseconds * 1000)];
            _table.Add(
                shape,
                result.Name,
                result.Count.ToString(CultureInfo.InvariantCulture),
                MarkdownTable.Figure(Statistics.Median(nanoseconds)),
                MarkdownTable.Figure(Statistics.Quantile(nanoseconds, 0)),
                MarkdownTable.Figure(Statistics.Quantile(nanoseconds, 0.99)),
                baseline is null ? "-" : MarkdownTable.Figure(result.SpeedAgainst(baseline)),
                MarkdownTable.Figure(Statistics.Median(result.Bytes)),
                MarkdownTable.Figure(Statistics.Median(result.Processor) * 1000),
                MarkdownTable.Figure(Statistics.Median(result.Switches)),
                result.Collections,
                MarkdownTable.Figure(result.Pause * 1000));
        }
    }

    public void WriteTo(TextWriter output) => _table.WriteTo(output);
}
