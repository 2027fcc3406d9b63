using System.Collections.Frozen;
using System.Globalization;

namespace Runtime.Hosting.Queues;

/// <summary>Reads the weights of share keys from their texts.</summary>
internal static class ShareWeights
{
    // Weights are ratios; a key that has a thousand turns for one of another leaves it next to nothing as it is.
    private const int MostWeight = 1000;

    /// <summary>Whether a text is <c>key=weight</c>. The last equals sign counts, so a key may hold others.</summary>
    public static bool IsValid(string text) => TryParse(text, out _, out _);

    /// <summary>Reads valid texts.</summary>
    public static FrozenDictionary<string, int> Parse(IList<string> texts)
    {
        if (texts.Count == 0)
        {
            return FrozenDictionary<string, int>.Empty;
        }

        var weights = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var text in texts)
        {
            if (TryParse(text, out var key, out var weight))
            {
                weights[key] = weight;
            }
        }

        return weights.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private static bool TryParse(string text, out string key, out int weight)
    {
        var split = text.LastIndexOf('=');
        key = split > 0 ? text[..split].Trim() : "";
        weight = 0;
        return key.Length is > 0 and <= EnqueueRules.MaxTextLength
            && int.TryParse(text.AsSpan(split + 1), NumberStyles.Integer, CultureInfo.InvariantCulture, out weight)
            && weight is >= 1 and <= MostWeight;
    }
}
