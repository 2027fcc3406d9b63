using System.Collections.Frozen;
using System.Runtime.InteropServices;

namespace Runtime.Hosting.Metrics;

/// <summary>What an instrument's unit (UCUM notation, as OpenTelemetry asks) becomes in Prometheus: a suffix of the name, and a factor to the base unit.</summary>
/// <remarks>Prometheus wants base units: milliseconds are shown as seconds, so one dashboard fits all.</remarks>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct PrometheusUnit(string Suffix, double Factor)
{
    private static readonly FrozenDictionary<string, PrometheusUnit> Known = new Dictionary<string, PrometheusUnit>(StringComparer.Ordinal)
    {
        ["ns"] = new("seconds", 1e-9),
        ["us"] = new("seconds", 1e-6),
        ["ms"] = new("seconds", 1e-3),
        ["s"] = new("seconds", 1),
        ["min"] = new("seconds", 60),
        ["h"] = new("seconds", 3600),
        ["d"] = new("seconds", 86400),
        ["By"] = new("bytes", 1),
        ["kBy"] = new("bytes", 1e3),
        ["MBy"] = new("bytes", 1e6),
        ["GBy"] = new("bytes", 1e9),
        ["TBy"] = new("bytes", 1e12),
        ["KiBy"] = new("bytes", 1024),
        ["MiBy"] = new("bytes", 1024 * 1024),
        ["GiBy"] = new("bytes", 1024.0 * 1024 * 1024),
        ["TiBy"] = new("bytes", 1024.0 * 1024 * 1024 * 1024),
        ["%"] = new("ratio", 0.01),
        ["Cel"] = new("celsius", 1),
        ["m"] = new("meters", 1),
        ["V"] = new("volts", 1),
        ["A"] = new("amperes", 1),
        ["J"] = new("joules", 1),
        ["W"] = new("watts", 1),
        ["g"] = new("grams", 1),
        ["Hz"] = new("hertz", 1),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Reads a unit.</summary>
    /// <param name="unit">The instrument's unit, if it has one.</param>
    /// <param name="isGauge">Whether the value is a level: only there is the unit <c>1</c> a ratio; elsewhere it is a mere count.</param>
    public static PrometheusUnit Of(string? unit, bool isGauge)
    {
        // {request} is a note for people, not a unit.
        var plain = WithoutNotes(unit ?? "");
        if (plain.Length == 0)
        {
            return new("", 1);
        }

        if (plain == "1")
        {
            return new(isGauge ? "ratio" : "", 1);
        }

        var slash = plain.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
        {
            return Known.TryGetValue(plain, out var known) ? known : new(PrometheusNames.Clean(plain), 1);
        }

        var top = Of(plain[..slash], isGauge: false);
        var bottom = Of(plain[(slash + 1)..], isGauge: false);
        var per = bottom.Suffix.Length == 0 ? "" : "per_" + (bottom.Suffix is "celsius" or "hertz" ? bottom.Suffix : bottom.Suffix.TrimEnd('s'));
        return new(string.Join('_', new[] { top.Suffix, per }.Where(static part => part.Length > 0)), top.Factor / bottom.Factor);
    }

    private static string WithoutNotes(string unit)
    {
        for (var open = unit.IndexOf('{', StringComparison.Ordinal); open >= 0; open = unit.IndexOf('{', StringComparison.Ordinal))
        {
            var close = unit.IndexOf('}', open);
            unit = close < 0 ? unit[..open] : unit.Remove(open, close - open + 1);
        }

        return unit.Trim();
    }
}
