using System.Globalization;
using Runtime.Benchmarks.Harness;
using Runtime.Benchmarks.Scheduler.CurrentThread;
using Runtime.Benchmarks.Scheduler.Tokio;

namespace Runtime.Benchmarks.Scheduler;

/// <summary>The table of all shapes: a row for each contender, nanoseconds.</summary>
internal static class ShapeReport
{
    public static void Write(TextWriter output, IEnumerable<ShapeResult> results, string baselineName)
    {
        var table = new MarkdownTable("shape", "contender", "n", "ns/op", "min", "p99", $"× {baselineName}", "B/op", "CPU ns/op", "switches/1000", "GC 0/1/2", "GC pause ns/op");
        foreach (var result in results)
        {
            var baseline = result.Series.FirstOrDefault(s => s.Name == baselineName);
            foreach (var series in result.Series)
            {
                table.Add(Row(result.Shape, series, baseline));
            }

            foreach (var series in result.Tokio)
            {
                table.Add(Row(result.Shape, series, baseline));
            }
        }

        table.WriteTo(output);
    }

    /// <summary>Writes how the runtime, or the executor where the shape is one of its, stands against each Tokio: medians and their ratio.</summary>
    public static void WriteAgainstTokio(TextWriter output, IReadOnlyList<ShapeResult> results)
    {
        const string contender = RuntimeContender.ContenderName;
        string[] tokios = [.. results.SelectMany(r => r.Tokio).Select(t => t.Name).Distinct(StringComparer.Ordinal)];
        if (tokios.Length == 0)
        {
            return;
        }

        var table = new MarkdownTable(["shape", $"{contender} ns/op", .. tokios.SelectMany(t => (string[])[$"{t} ns/op", $"{contender} × {t}"])]);
        foreach (var result in results.Where(r => r.Tokio.Count > 0))
        {
            var own = result.Series.FirstOrDefault(s => s.Name is contender or ExecutorContender.ContenderName);
            var nanoseconds = own is null ? double.NaN : Statistics.Median(own.Done) * 1000;
            string[] theirs = [.. tokios.SelectMany(name =>
            {
                var median = Statistics.Median([.. result.Tokio.Where(t => t.Name == name).SelectMany(t => t.Measurements).Select(m => m.Nanoseconds)]);
                return (string[])[MarkdownTable.Figure(median), MarkdownTable.Figure(median / nanoseconds)];
            })];
            table.Add([result.Shape, MarkdownTable.Figure(nanoseconds), .. theirs]);
        }

        output.WriteLine($"`{contender}`, or `{ExecutorContender.ContenderName}` in the shapes of one thread, is so many times as fast as Tokio (medians; Tokio's processes ran after the shape's other contenders):\n");
        table.WriteTo(output);
    }

    private static string[] Row(string shape, Series series, Series? baseline)
    {
        double[] nanoseconds = [.. series.Done.Select(microseconds => microseconds * 1000)];
        return
        [
            shape,
            series.Name,
            series.Count.ToString(CultureInfo.InvariantCulture),
            .. Spread(nanoseconds),
            baseline is null ? "-" : MarkdownTable.Figure(series.SpeedAgainst(baseline)),
            MarkdownTable.Figure(Statistics.Median(series.Bytes)),
            MarkdownTable.Figure(Statistics.Median(series.Processor) * 1000),
            MarkdownTable.Figure(Statistics.Median(series.Switches)),
            series.Collections,
            MarkdownTable.Figure(series.Pause * 1000),
        ];
    }

    private static string[] Row(string shape, TokioSeries series, Series? baseline)
    {
        double[] nanoseconds = [.. series.Measurements.Select(m => m.Nanoseconds)];
        return
        [
            shape,
            series.Name,
            series.Measurements.Count.ToString(CultureInfo.InvariantCulture),
            .. Spread(nanoseconds),
            baseline is null ? "-" : MarkdownTable.Figure(Statistics.Median(baseline.Done) * 1000 / Statistics.Median(nanoseconds)),
            "-",
            MarkdownTable.Figure(Statistics.Median([.. series.Measurements.Select(m => m.Processor)])),
            MarkdownTable.Figure(Statistics.Median([.. series.Measurements.Select(m => m.Switches * 1000)])),
            "-",
            "-",
        ];
    }

    private static string[] Spread(double[] nanoseconds) =>
    [
        MarkdownTable.Figure(Statistics.Median(nanoseconds)),
        MarkdownTable.Figure(Statistics.Quantile(nanoseconds, 0)),
        MarkdownTable.Figure(Statistics.Quantile(nanoseconds, 0.99)),
    ];
}
