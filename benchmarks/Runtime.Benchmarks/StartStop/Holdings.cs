using System.Text.RegularExpressions;

namespace Runtime.Benchmarks.StartStop;

/// <summary>What the process holds of the system, by kind: threads by name, handles by what they lead to. Empty where there is no <c>/proc</c>.</summary>
internal static partial class Holdings
{
    private const string HandlePrefix = "handle ";

    public static Dictionary<string, int> Read()
    {
        var holdings = new Dictionary<string, int>(StringComparer.Ordinal);
        if (OperatingSystem.IsLinux())
        {
            foreach (var task in Directory.GetDirectories("/proc/self/task"))
            {
                Count(holdings, "thread " + ReadOrEmpty(Path.Combine(task, "comm")));
            }

            foreach (var handle in Directory.GetFiles("/proc/self/fd"))
            {
                // An assembly is loaded when the code that needs it is first compiled, which may be late, and stays.
                var target = TargetOf(handle);
                if (!target.EndsWith(".dll", StringComparison.Ordinal))
                {
                    Count(holdings, HandlePrefix + target);
                }
            }
        }

        return holdings;
    }

    /// <summary>How many of them are handles.</summary>
    public static int Handles(Dictionary<string, int> holdings) => holdings.Where(pair => pair.Key.StartsWith(HandlePrefix, StringComparison.Ordinal)).Sum(pair => pair.Value);

    /// <summary>Says what there is more of, and how much.</summary>
    public static string Growth(Dictionary<string, int> before, Dictionary<string, int> after)
    {
        var grown = after
            .Select(pair => (pair.Key, More: pair.Value - before.GetValueOrDefault(pair.Key)))
            .Where(pair => pair.More > 0)
            .Select(pair => $"{pair.Key} +{pair.More}");
        return string.Join(", ", grown.DefaultIfEmpty("nothing"));
    }

    private static void Count(Dictionary<string, int> holdings, string key) => holdings[key] = holdings.GetValueOrDefault(key) + 1;

    // A thread or handle may be gone by the time it is looked at.
    private static string ReadOrEmpty(string path)
    {
        try
        {
            return File.ReadAllText(path).Trim();
        }
        catch (IOException)
        {
            return "ended";
        }
    }

    private static string TargetOf(string path)
    {
        try
        {
            return Number().Replace(File.ResolveLinkTarget(path, returnFinalTarget: false)?.Name ?? "closed", "N");
        }
        catch (IOException)
        {
            return "closed";
        }
    }

    [GeneratedRegex("[0-9]+", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Number();
}
