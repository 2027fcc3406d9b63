using System.Globalization;
using System.Text;
using Runtime.Benchmarks.Harness;

namespace Runtime.Benchmarks.Web;

/// <summary>Draws the p99 of each way at each load, on a logarithmic scale.</summary>
internal sealed class WebChart(string path, int[] loads)
{
    private const int Left = 150;
    private const int Width = 560;
    private const int Bar = 16;
    private const int Gap = 14;
    private const double LeastMilliseconds = 0.1;
    private const double MostMilliseconds = 10_000;

    private static readonly Dictionary<string, string> Names = new(StringComparer.Ordinal)
    {
        ["nothing"] = "no background work",
        ["task-run"] = "Task.Run",
        ["channel-1"] = "channel, 1 reader",
        ["channel-2"] = "channel, 2 readers",
        ["None"] = "isolation None",
        ["BelowNormal"] = "BelowNormal (default)",
        ["Lowest"] = "Lowest",
        ["Idle"] = "Idle",
        ["Idle/1"] = "Idle, one worker",
    };

    public void Add(string storm, IReadOnlyDictionary<string, Dictionary<int, List<WebRun>>> all)
    {
        var svg = new StringBuilder();
        var block = (loads.Length * Bar) + Gap;
        var height = 70 + (all.Count * block);
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{Left + Width + 90}\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"12\">\n");
        svg.Append("<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"10\" y=\"20\" font-size=\"14\">99 % of requests are answered within (ms, logarithmic), beside a saturating {storm} storm; load {string.Join(", ", loads)} % of capacity</text>\n");
        for (var decade = LeastMilliseconds; decade <= MostMilliseconds; decade *= 10)
        {
            var x = Left + Position(decade);
            svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{x:F0}\" y1=\"34\" x2=\"{x:F0}\" y2=\"{height - 24}\" stroke=\"#ddd\"/><text x=\"{x:F0}\" y=\"{height - 8}\" text-anchor=\"middle\" fill=\"#666\">{decade}</text>\n");
        }

        var y = 40;
        foreach (var (way, runs) in all)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left - 8}\" y=\"{y + (loads.Length * Bar / 2) + 4}\" text-anchor=\"end\">{Names[way]}</text>\n");
            for (var i = 0; i < loads.Length; i++)
            {
                var p99 = Statistics.Median([.. runs[loads[i]].Select(static run => run.Result.P99 / 1_000)]);
                var color = char.IsUpper(way[0]) ? new[] { "#9ecae1", "#4292c6", "#08519c" }[i % 3] : new[] { "#d9d9d9", "#969696", "#525252" }[i % 3];
                var width = Position(Math.Clamp(p99, LeastMilliseconds, MostMilliseconds));
                svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{Left}\" y=\"{y + (i * Bar)}\" width=\"{width:F1}\" height=\"{Bar - 2}\" fill=\"{color}\"/><text x=\"{Left + width + 4:F1}\" y=\"{y + (i * Bar) + 11}\" fill=\"#333\">{MarkdownTable.Figure(p99)}</text>\n");
            }

            y += block;
        }

        svg.Append("</svg>\n");
        File.WriteAllText(path, svg.ToString());
    }

    private static double Position(double milliseconds) => Width * Math.Log10(milliseconds / LeastMilliseconds) / Math.Log10(MostMilliseconds / LeastMilliseconds);
}
