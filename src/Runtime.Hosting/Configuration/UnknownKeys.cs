using Microsoft.Extensions.Configuration;

namespace Runtime.Hosting.Configuration;

/// <summary>Finds keys below the section that no setting has: misspelt ones, mostly, which would otherwise do nothing in silence.</summary>
internal static class UnknownKeys
{
    /// <summary>Finds the topmost unknown keys, each with the known key that is most like it.</summary>
    public static IReadOnlyList<(string Key, string Closest)> Find(IConfiguration section)
    {
        var found = new List<(string Key, string Closest)>();
        Walk(section, "", found);
        return found;
    }

    private static void Walk(IConfiguration parent, string path, List<(string Key, string Closest)> found)
    {
        foreach (var child in parent.GetChildren())
        {
            var key = path + child.Key;
            var known = Known(key);
            if (known.Any(candidate => Same(candidate.Key, key) && candidate.IsList))
            {
                continue; // its items are 0, 1, 2, …
            }

            if (known.Any(candidate => Same(candidate.Key, key)) || Same(key, ConfigurationKeys.Queues) || IsQueueName(key)
                || known.Any(candidate => candidate.Key.StartsWith(key + ":", StringComparison.OrdinalIgnoreCase)))
            {
                Walk(child, key + ":", found);
            }
            else
            {
                found.Add((ConfigurationKeys.Prefix + key, ConfigurationKeys.Prefix + Closest(key, known)));
            }
        }
    }

    // The keys of a named queue are known under its own name only, so the table depends on where the walk is.
    private static List<(string Key, bool IsList)> Known(string key)
    {
        var known = ConfigurationKeys.All.Select(static rule => (rule.Key, rule.IsList))
            .ToList();
        var parts = key.Split(':');
        if (parts.Length > 2 && Same(parts[0], ConfigurationKeys.Queues))
        {
            known.AddRange(ConfigurationKeys.OfOneQueue.Select(rule => ($"{parts[0]}:{parts[1]}:{rule.Key}", rule.IsList)));
        }

        return known;
    }

    private static bool IsQueueName(string key) =>
        key.StartsWith(ConfigurationKeys.Queues + ":", StringComparison.OrdinalIgnoreCase) && key.Count(static c => c == ':') == 1;

    private static bool Same(string left, string right) => string.Equals(left, right, StringComparison.OrdinalIgnoreCase);

    private static string Closest(string key, IEnumerable<(string Key, bool IsList)> known)
    {
        // The right name in the wrong place is a likelier slip than many wrong letters.
        var depth = key.Count(static c => c == ':') + 1;
        var lastName = key[(key.LastIndexOf(':') + 1)..];
        return known.Select(static candidate => candidate.Key)
            .SelectMany(candidate => new[] { candidate, Cut(candidate, depth), candidate.Split(':')[0] })
            .Append(ConfigurationKeys.Queues)
            .Distinct(StringComparer.OrdinalIgnoreCase)
            .OrderBy(candidate => Same(candidate[(candidate.LastIndexOf(':') + 1)..], lastName) ? 0 : 1 + Distance(key, candidate))
            .ThenBy(static candidate => candidate, StringComparer.Ordinal)
            .First();
    }

    private static string Cut(string key, int depth) => string.Join(':', key.Split(':').Take(depth));

    // Levenshtein's distance: how many letters must be added, removed or replaced.
    private static int Distance(string left, string right)
    {
        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 0; i < left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i + 1;
            for (var j = 0; j < right.Length; j++)
            {
                var replaced = diagonal + (char.ToUpperInvariant(left[i]) == char.ToUpperInvariant(right[j]) ? 0 : 1);
                diagonal = row[j + 1];
                row[j + 1] = Math.Min(replaced, Math.Min(row[j], row[j + 1]) + 1);
            }
        }

        return row[right.Length];
    }
}
