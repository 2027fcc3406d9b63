using System.Globalization;

namespace Runtime.Benchmarks.Harness;

/// <summary>The table of a comparison, fastest first.</summary>
internal static class ThroughputReport
{
    public static void Write(TextWriter output, IReadOnlyList<Series> results, string baselineName)
    {
        var baseline = results.FirstOrDefault(r => r.Name == baselineName) ?? results[0];
        var table = new MarkdownTable(
            "contender", "n", "µs/op", "min", "p99", "op/s", $"× {baseline.Name}", "submit µs/op", "settled µs/op", "B/op", "CPU µs/op", "switches/1000", "lock waits/1000", "GC 0/1/2", "GC pause µs/op");
        foreach (var result in results.OrderBy(r => Statistics.Median(r.Done)))
        {
            var median = Statistics.Median(result.Done);
            var settled = Statistics.Median(result.Settled);
            table.Add(
                result.Name,
                result.Count.ToString(CultureInfo.InvariantCulture),
                MarkdownTable.Figure(median),
                MarkdownTable.Figure(Statistics.Quantile(result.Done, 0)),
                MarkdownTable.Figure(Statistics.Quantile(result.Done, 0.99)),
                MarkdownTable.Figure(1e6 / median),
                MarkdownTable.Figure(result.SpeedAgainst(baseline)),
                MarkdownTable.Figure(Statistics.Median(result.Submitted)),
                settled == 0 ? "-" : MarkdownTable.Figure(settled),
                MarkdownTable.Figure(Statistics.Median(result.Bytes)),
                MarkdownTable.Figure(Statistics.Median(result.Processor)),
                MarkdownTable.Figure(Statistics.Median(result.Switches)),
                MarkdownTable.Figure(Statistics.Median(result.LockWaits)),
                result.Collections,
                MarkdownTable.Figure(result.Pause));
        }

        table.WriteTo(output);
    }

    /// <summary>Says in one line how many times as fast as each other contender one of them was.</summary>
    public static void WriteLead(TextWriter output, IReadOnlyList<Series> results, string name)
    {
        if (results.FirstOrDefault(r => r.Name == name) is { } subject)
        {
            var ratios = results.Where(r => r != subject).Select(r => $"{r.Name} {MarkdownTable.Figure(subject.SpeedAgainst(r))}");
            output.WriteLine($"`{name}` is so many times as fast as: {string.Join(", ", ratios)}.");
            output.WriteLine();
        }
    }

    /// <summary>Writes what a reader must know of each contender, once for several tables.</summary>
    public static void WriteSettings(TextWriter output, IEnumerable<Series> results)
    {
        foreach (var result in results.Where(r => r.Settings.Length > 0).DistinctBy(r => r.Name, StringComparer.Ordinal))
        {
            output.WriteLine($"- `{result.Name}`: {result.Settings}");
        }

        output.WriteLine();
    }
}
