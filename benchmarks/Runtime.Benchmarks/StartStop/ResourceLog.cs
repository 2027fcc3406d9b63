using System.Diagnostics;
using System.Globalization;
using Runtime.Benchmarks.Harness;

namespace Runtime.Benchmarks.StartStop;

/// <summary>What the process holds after so many cycles, everything collectable collected.</summary>
internal sealed class ResourceLog
{
    // What may come and go by itself: a pool thread, its event; a little of the runtime's own bookkeeping.
    private const int ThreadTolerance = 2;
    private const int HandleTolerance = 4;
    private const double ManagedToleranceKilobytes = 64;

    private readonly List<Sample> _samples = [];

    // Only these two are kept: a log that grows would be measured as growth.
    private Dictionary<string, int>? _first;
    private Dictionary<string, int> _latest = [];

    public async Task AddAsync(int cycles)
    {
        // Two passes: what a finalizer releases is collected by the second.
        for (var i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Task.Yield();
        }

        _latest = Holdings.Read();
        _first ??= _latest;
        using var process = Process.GetCurrentProcess();
        _samples.Add(new Sample(
            cycles,
            process.Threads.Count,
            OperatingSystem.IsLinux() ? Holdings.Handles(_latest) : process.HandleCount,
            GC.GetTotalMemory(forceFullCollection: true) / 1024.0,
            process.WorkingSet64 / (1024.0 * 1024)));
    }

    public void WriteTo(TextWriter output)
    {
        var table = new MarkdownTable("cycles", "threads", "handles", "managed KB", "working set MB");
        foreach (var s in _samples)
        {
            table.Add(
                s.Cycles.ToString("N0", CultureInfo.InvariantCulture),
                s.Threads.ToString(CultureInfo.InvariantCulture),
                s.Handles.ToString(CultureInfo.InvariantCulture),
                MarkdownTable.Figure(s.Managed),
                MarkdownTable.Figure(s.WorkingSet));
        }

        table.WriteTo(output);
    }

    /// <summary>Compares the end with the middle: until then pools and caches may fill, from then on nothing may grow.</summary>
    public int Judge(TextWriter output)
    {
        var (first, middle, last) = (_samples[0], _samples[_samples.Count / 2], _samples[^1]);
        var holds = last.Threads - middle.Threads <= ThreadTolerance
            && last.Handles - middle.Handles <= HandleTolerance
            && last.Managed - middle.Managed <= ManagedToleranceKilobytes;
        output.WriteLine($"- {(holds ? "Holds" : "FAILS")}: nothing grew from {middle.Cycles:N0} to {last.Cycles:N0} cycles.");
        output.WriteLine($"- More at {last.Cycles:N0} than at {first.Cycles:N0}: {Holdings.Growth(_first!, _latest)}.\n");
        return holds ? 0 : 1;
    }

    private sealed record Sample(int Cycles, int Threads, int Handles, double Managed, double WorkingSet);
}
