using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Runtime.Hosting.Jobs;

/// <summary>Reads what holds for single queues from texts of the form <c>queue=value</c>. The last equals sign counts, so a name may hold others; of two texts for the same queue the last counts.</summary>
/// <remarks>For one caller at a time. What was read last is kept: a reload brings another list.</remarks>
internal sealed class QueueTexts<T>(QueueTexts.Reader<T> read)
{
    private IList<string> _texts = [];
    private Dictionary<string, T> _values = new(StringComparer.Ordinal);

    /// <summary>Reads valid texts.</summary>
    public IReadOnlyDictionary<string, T> Read(IList<string> texts)
    {
        if (ReferenceEquals(texts, _texts))
        {
            return _values;
        }

        _values = new(StringComparer.Ordinal);
        foreach (var text in texts)
        {
            if (QueueTexts.TryRead(text, read, out var queue, out var value))
            {
                _values[queue] = value;
            }
        }

        _texts = texts;
        return _values;
    }
}

/// <summary>The values that such texts can have.</summary>
internal static class QueueTexts
{
    private const int MostAtOnce = 1_000_000;

    /// <summary>Reads a value.</summary>
    public delegate bool Reader<T>(ReadOnlySpan<char> text, [MaybeNullWhen(false)] out T value);

    /// <summary>How many of a queue run at once: <c>reports=2</c>.</summary>
    public static bool TryReadLimit(ReadOnlySpan<char> text, out int limit) => int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out limit) && limit is >= 1 and <= MostAtOnce;

    /// <summary>How many of a queue start in any span of time: <c>mail=100/00:01:00</c>.</summary>
    public static bool TryReadRate(ReadOnlySpan<char> text, out JobRate rate)
    {
        var split = text.IndexOf('/');
        rate = default;
        if (split < 0
            || !int.TryParse(text[..split], NumberStyles.Integer, CultureInfo.InvariantCulture, out var limit) || limit is < 1 or > JobRules.MostStarts
            || !text[(split + 1)..].Contains(':') // "1" alone would be a day
            || !TimeSpan.TryParseExact(text[(split + 1)..].Trim(), "c", CultureInfo.InvariantCulture, out var period) || !JobRules.IsRatePeriod(period))
        {
            return false;
        }

        rate = new(limit, period);
        return true;
    }

    public static bool IsLimit(string text) => TryRead<int>(text, TryReadLimit, out _, out _);

    public static bool IsRate(string text) => TryRead<JobRate>(text, TryReadRate, out _, out _);

    public static bool TryRead<T>(string text, Reader<T> read, out string queue, [MaybeNullWhen(false)] out T value)
    {
        var split = text.LastIndexOf('=');
        queue = split > 0 ? text[..split].Trim() : "";
        value = default;
        return queue.Length is > 0 and <= JobRules.LongestName && read(text.AsSpan(split + 1), out value);
    }
}
