using System.Text;

namespace Runtime.Hosting.Metrics;

/// <summary>Names of metrics and labels as Prometheus wants them: snake case, no dots, the unit and <c>_total</c> at the end.</summary>
internal static class PrometheusNames
{
    /// <summary>The name of a family.</summary>
    /// <param name="instrument">The instrument's name, e.g. <c>http.server.request.duration</c>.</param>
    /// <param name="unit">Its unit.</param>
    /// <param name="isCounter">Whether it only grows.</param>
    public static string Family(string instrument, PrometheusUnit unit, bool isCounter)
    {
        var name = Clean(instrument);
        if (isCounter && name.EndsWith("_total", StringComparison.Ordinal))
        {
            name = name[..^"_total".Length]; // it goes behind the unit
        }

        if (unit.Suffix.Length > 0 && name != unit.Suffix && !name.EndsWith("_" + unit.Suffix, StringComparison.Ordinal))
        {
            name += "_" + unit.Suffix;
        }

        return isCounter ? name + "_total" : name;
    }

    /// <summary>The name of a label.</summary>
    public static string Label(string key)
    {
        var name = Clean(key);

        // These two belong to the buckets of histograms and the quantiles of summaries.
        return name is "le" or "quantile" ? "exported_" + name : name;
    }

    /// <summary>Letters, digits and single underscores; camelCase becomes camel_case.</summary>
    public static string Clean(string text)
    {
        var name = new StringBuilder(text.Length + 4);
        var previous = '_';
        foreach (var c in text)
        {
            if (char.IsAsciiLetterUpper(c) && char.IsAsciiLetterLower(previous))
            {
                name.Append('_').Append(char.ToLowerInvariant(c));
            }
            else if (char.IsAsciiLetterOrDigit(c))
            {
                name.Append(c);
            }
            else if (name.Length > 0 && name[^1] != '_')
            {
                name.Append('_');
            }

            previous = c;
        }

        while (name.Length > 0 && name[^1] == '_')
        {
            name.Length--;
        }

        if (name.Length == 0 || char.IsAsciiDigit(name[0]))
        {
            name.Insert(0, '_');
        }

        return name.ToString();
    }
}
