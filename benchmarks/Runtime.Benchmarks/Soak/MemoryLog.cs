using System.Diagnostics;
using System.Globalization;
using Runtime.Benchmarks.Harness;

namespace Runtime.Benchmarks.Soak;

/// <summary>Samples the process's memory while it works, and judges whether it grew.</summary>
internal sealed class MemoryLog(Func<long> progress)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private const int RowsShown = 20;

    // Growth from the second quarter to the last that is still called flat: the collector's own breathing.
    private const double Tolerance = 1.10;
    private const double ToleranceMegabytes = 8;

    private readonly Lock _gate = new();

    // Guarded by the gate: the timer's thread adds, the command's reads.
    private readonly List<Sample> _samples = [];
    private readonly long _began = Stopwatch.GetTimestamp();

    public bool IsFlat => IsFlatBy(s => s.WorkingSet) && IsFlatBy(s => s.Live);

    public IDisposable Start() => TimeProvider.System.CreateTimer(_ => Add(), state: null, TimeSpan.Zero, Interval);

    public void Add()
    {
        using var process = Process.GetCurrentProcess();
        var collector = GC.GetGCMemoryInfo();
        var sample = new Sample(
            Stopwatch.GetElapsedTime(_began),
            progress(),
            Megabytes(process.WorkingSet64),
            Megabytes(GC.GetTotalMemory(forceFullCollection: false)),
            Megabytes(collector.HeapSizeBytes - collector.FragmentedBytes),
            GC.CollectionCount(0),
            GC.CollectionCount(2));
        lock (_gate)
        {
            _samples.Add(sample);
        }
    }

    public void WriteTo(TextWriter output)
    {
        var table = new MarkdownTable("s", "items", "working set MB", "managed heap MB", "live after last GC MB", "gen 0", "gen 2");
        var samples = Take();
        var step = Math.Max(1, samples.Count / RowsShown);
        for (var i = 0; i < samples.Count; i += step)
        {
            var s = samples[i];
            table.Add(
                s.At.TotalSeconds.ToString("F1", CultureInfo.InvariantCulture),
                MarkdownTable.Figure(s.Items),
                MarkdownTable.Figure(s.WorkingSet),
                MarkdownTable.Figure(s.Heap),
                MarkdownTable.Figure(s.Live),
                s.Gen0.ToString(CultureInfo.InvariantCulture),
                s.Gen2.ToString(CultureInfo.InvariantCulture));
        }

        table.WriteTo(output);
    }

    private static double Megabytes(long bytes) => bytes / (1024.0 * 1024);

    private bool IsFlatBy(Func<Sample, double> figure)
    {
        var samples = Take();
        var quarter = samples.Count / 4;
        if (quarter == 0)
        {
            return true;
        }

        var before = Statistics.Median([.. samples.Skip(quarter).Take(quarter).Select(figure)]);
        var after = Statistics.Median([.. samples.Skip(3 * quarter).Select(figure)]);
        return after <= (before * Tolerance) + ToleranceMegabytes;
    }

    private List<Sample> Take()
    {
        lock (_gate)
        {
            return [.. _samples];
        }
    }

    private sealed record Sample(TimeSpan At, long Items, double WorkingSet, double Heap, double Live, int Gen0, int Gen2);
}
