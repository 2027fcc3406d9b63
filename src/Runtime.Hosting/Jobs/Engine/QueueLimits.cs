using System.Globalization;

namespace Runtime.Hosting.Jobs;

/// <summary>Reads how many jobs of a queue may run at once from texts.</summary>
internal static class QueueLimits
{
    private const int Most = 1_000_000;

    /// <summary>Whether a text is <c>queue=number</c>. The last equals sign counts, so a name may hold others.</summary>
    public static bool IsValid(string text) => TryParse(text, out _, out _);

    /// <summary>Reads valid texts; of two for the same queue the last counts.</summary>
    public static Dictionary<string, int> Parse(IList<string> texts)
    {
        var limits = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var text in texts)
        {
            if (TryParse(text, out var queue, out var limit))
            {
                limits[queue] = limit;
            }
        }

        return limits;
    }

    private static bool TryParse(string text, out string queue, out int limit)
    {
        var split = text.LastIndexOf('=');
        queue = split > 0 ? text[..split].Trim() : "";
        limit = 0;
        return queue.Length is > 0 and <= JobRules.LongestName && int.TryParse(text.AsSpan(split + 1), NumberStyles.Integer, CultureInfo.InvariantCulture, out limit) && limit is >= 1 and <= Most;
    }
}
