using System.Globalization;
using System.Reflection;
using System.Runtime;
using System.Runtime.InteropServices;

namespace Runtime.Benchmarks.Harness;

/// <summary>Says where a figure was measured, and how quiet it was there.</summary>
internal sealed class Machine
{
    private readonly long _busyAtStart = ReadBusyJiffies();
    private readonly double _ownAtStart = Environment.CpuUsage.TotalTime.TotalSeconds;
    private readonly long _began = System.Diagnostics.Stopwatch.GetTimestamp();

    /// <summary>Writes the head of a report.</summary>
    public static void WriteHead(TextWriter output, string title)
    {
        output.WriteLine($"## {title}");
        output.WriteLine();
        output.WriteLine($"- Machine: {Environment.ProcessorCount} processors ({ProcessorName()}), {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 30} GiB, {RuntimeInformation.OSDescription}");
        output.WriteLine($"- Runtime: {RuntimeInformation.FrameworkDescription}, {(GCSettings.IsServerGC ? "server" : "workstation")} {(GCSettings.LatencyMode == GCLatencyMode.Batch ? "blocking" : "concurrent")} GC, {Configuration} build");
        output.WriteLine($"- Commit: {Commit()}; {TimeProvider.System.GetUtcNow():yyyy-MM-dd HH:mm} UTC");
        output.WriteLine($"- Command: {string.Join(' ', Environment.GetCommandLineArgs().Skip(1))}");
        output.WriteLine();
    }

    /// <summary>Writes how much of the machine other processes used since this object was made.</summary>
    public void WriteNoise(TextWriter output)
    {
        if (_busyAtStart < 0)
        {
            return;
        }

        // Linux counts in hundredths of a second here, whatever the kernel's own tick.
        var busy = (ReadBusyJiffies() - _busyAtStart) / 100.0;
        var own = Environment.CpuUsage.TotalTime.TotalSeconds - _ownAtStart;
        var available = System.Diagnostics.Stopwatch.GetElapsedTime(_began).TotalSeconds * Environment.ProcessorCount;
        output.WriteLine($"Other processes used {Math.Max(0, busy - own) / available:P0} of the machine's processor time during this run, this one {own / available:P0}.");
        output.WriteLine();
    }

#if DEBUG
    private const string Configuration = "Debug";
#else
    private const string Configuration = "Release";
#endif

    private static string Commit()
    {
        var version = typeof(Machine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";
        var plus = version.IndexOf('+', StringComparison.Ordinal);
        return plus < 0 ? "unknown" : version[(plus + 1)..Math.Min(version.Length, plus + 11)];
    }

    private static string ProcessorName()
    {
        const string Key = "model name";
        var line = OperatingSystem.IsLinux() ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith(Key, StringComparison.Ordinal)) : null;
        return line is null ? RuntimeInformation.ProcessArchitecture.ToString() : line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
    }

    // user, nice, system, irq, softirq and steal of all processors; -1 where there is no such file.
    private static long ReadBusyJiffies()
    {
        if (!OperatingSystem.IsLinux())
        {
            return -1;
        }

        var fields = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        int[] busy = [1, 2, 3, 6, 7, 8];
        return busy.Sum(i => long.Parse(fields[i], CultureInfo.InvariantCulture));
    }
}
