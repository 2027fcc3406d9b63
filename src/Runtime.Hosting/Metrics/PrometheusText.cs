using System.Globalization;
using System.Text;

namespace Runtime.Hosting.Metrics;

/// <summary>Writes the text exposition format of Prometheus, version 0.0.4.</summary>
/// <remarks>The output is the same for the same input, whatever the culture and the order of arrival.</remarks>
internal static class PrometheusText
{
    /// <summary>The content type of the format.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    // A series of one of these endings belongs to a histogram or counter by its name; under another type promtool objects.
    private static readonly string[] ReservedEndings = ["_bucket", "_count", "_sum", "_total"];

    /// <summary>Writes families in the order of their names.</summary>
    public static string Write(IEnumerable<MetricFamily> families)
    {
        var text = new StringBuilder(16 * 1024);
        foreach (var family in families.OrderBy(static family => family.Name, StringComparer.Ordinal))
        {
            Write(text, family);
        }

        return text.ToString();
    }

    /// <summary>Labels as they stand between the braces, ordered by name. Keys that become one name share it, their values joined by a semicolon.</summary>
    public static string Labels(IEnumerable<KeyValuePair<string, object?>> tags)
    {
        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in tags)
        {
            var name = PrometheusNames.Label(key);
            var shown = Show(value);
            labels[name] = labels.TryGetValue(name, out var first) ? $"{first};{shown}" : shown;
        }

        return string.Join(',', labels.Select(static label => $"{label.Key}=\"{EscapeLabel(label.Value)}\""));
    }

    private static void Write(StringBuilder text, MetricFamily family)
    {
        text.Append("# HELP ").Append(family.Name).Append(' ').Append(EscapeHelp(family.Help)).Append('\n');
        text.Append("# TYPE ").Append(family.Name).Append(' ').Append(TypeOf(family)).Append('\n');
        foreach (var (labels, series) in family.Series)
        {
            if (series.Buckets is null)
            {
                Line(text, family.Name, labels, series.Value);
            }
            else
            {
                WriteHistogram(text, family.Name, labels, series.Value, series.Buckets);
            }
        }
    }

    private static void WriteHistogram(StringBuilder text, string name, string labels, double sum, IReadOnlyList<(double Bound, long Count)> buckets)
    {
        long count = 0;
        foreach (var (bound, inBucket) in buckets)
        {
            count += inBucket; // the format's buckets are cumulative
            var le = $"le=\"{Number(bound)}\"";
            Line(text, name + "_bucket", labels.Length == 0 ? le : labels + "," + le, count);
        }

        Line(text, name + "_sum", labels, sum);
        Line(text, name + "_count", labels, count);
    }

    private static void Line(StringBuilder text, string name, string labels, double value)
    {
        text.Append(name);
        if (labels.Length > 0)
        {
            text.Append('{').Append(labels).Append('}');
        }

        text.Append(' ').Append(Number(value)).Append('\n');
    }

    private static string TypeOf(MetricFamily family) => family.Type switch
    {
        FamilyType.Counter => "counter",
        FamilyType.Histogram => "histogram",
        // "dotnet.assembly.count" keeps the name that every dashboard uses; queries treat untyped and gauge alike.
        _ => Array.Exists(ReservedEndings, ending => family.Name.EndsWith(ending, StringComparison.Ordinal)) ? "untyped" : "gauge",
    };

    private static string Number(double value) =>
        double.IsPositiveInfinity(value) ? "+Inf"
        : double.IsNegativeInfinity(value) ? "-Inf"
        : double.IsNaN(value) ? "NaN"
        : value.ToString("R", CultureInfo.InvariantCulture);

    private static string Show(object? value) => value switch
    {
        null => "",
        true => "true",
        false => "false",
        string text => text,
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        System.Collections.IEnumerable items => string.Join(',', items.Cast<object?>().Select(Show)),
        _ => value.ToString() ?? "",
    };

    private static string EscapeHelp(string help) =>
        help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private static string EscapeLabel(string value) =>
        EscapeHelp(value).Replace("\"", "\\\"", StringComparison.Ordinal);
}
