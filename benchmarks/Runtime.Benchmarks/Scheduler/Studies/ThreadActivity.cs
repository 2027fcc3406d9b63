using System.Globalization;

namespace Runtime.Benchmarks.Scheduler.Studies;

/// <summary>What Linux knows of one thread of this process.</summary>
internal sealed record ThreadActivity(string Name, long VoluntarySwitches, long ProcessorNanoseconds)
{
    /// <summary>Reads all threads, by their system ids.</summary>
    public static Dictionary<int, ThreadActivity> ReadAll()
    {
        Dictionary<int, ThreadActivity> threads = [];
        foreach (var folder in Directory.GetDirectories("/proc/self/task"))
        {
            try
            {
                threads[int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture)] = Read(folder);
            }
            catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException or IOException)
            {
                // The thread has ended meanwhile.
            }
        }

        return threads;
    }

    private static ThreadActivity Read(string folder)
    {
        var status = File.ReadAllLines(Path.Combine(folder, "status"));
        string Value(string key) => status.First(l => l.StartsWith(key, StringComparison.Ordinal))[key.Length..].Trim();

        // schedstat: nanoseconds on a processor, nanoseconds waiting for one, turns.
        var processor = File.ReadAllText(Path.Combine(folder, "schedstat")).Split(' ')[0];
        return new ThreadActivity(
            Value("Name:"),
            long.Parse(Value("voluntary_ctxt_switches:"), CultureInfo.InvariantCulture),
            long.Parse(processor, CultureInfo.InvariantCulture));
    }
}
