using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Runtime.Benchmarks.Harness;

/// <summary>All counted rounds of one contender.</summary>
internal sealed class Series(string name, string settings, int operations)
{
    private static readonly double MicrosecondsPerTick = 1e6 / Stopwatch.Frequency;
    private readonly List<Measurement> _rounds = [];

    public string Name => name;

    public string Settings => settings;

    public int Count => _rounds.Count;

    /// <summary>Gets microseconds per operation until the last body had run, one value a round.</summary>
    public IReadOnlyList<double> Done => [.. _rounds.Select(r => r.Lap.Done * MicrosecondsPerTick / operations)];

    public IReadOnlyList<double> Submitted => [.. _rounds.Select(r => r.Lap.Submitted * MicrosecondsPerTick / operations)];

    /// <summary>Gets microseconds per operation until the bookkeeping was over too; 0 where there is none.</summary>
    public IReadOnlyList<double> Settled => [.. _rounds.Select(r => r.Lap.Settled * MicrosecondsPerTick / operations)];

    public IReadOnlyList<double> Bytes => [.. _rounds.Select(r => (double)r.Cost.Allocated / operations)];

    public IReadOnlyList<double> Processor => [.. _rounds.Select(r => r.Cost.Processor * 1e6 / operations)];

    /// <summary>Gets context switches per thousand operations.</summary>
    public IReadOnlyList<double> Switches => [.. _rounds.Select(r => (r.Cost.Voluntary + r.Cost.Involuntary) * 1000.0 / operations)];

    /// <summary>Gets contended locks per thousand operations.</summary>
    public IReadOnlyList<double> LockWaits => [.. _rounds.Select(r => r.Cost.LockWaits * 1000.0 / operations)];

    /// <summary>Gets the collector's pauses in microseconds per operation: the mean, because most rounds have none.</summary>
    public double Pause => _rounds.Sum(r => r.Cost.Pause) * 1e6 / ((double)operations * _rounds.Count);

    public string Collections => $"{_rounds.Sum(r => r.Cost.Gen0)}/{_rounds.Sum(r => r.Cost.Gen1)}/{_rounds.Sum(r => r.Cost.Gen2)}";

    public void Add(Measurement measurement) => _rounds.Add(measurement);

    /// <summary>Says how many times as fast as another this one was: the median over the rounds of one turn's ratio.</summary>
    /// <remarks>The two sides of a ratio come from the same round, so a disturbance that outlasts a round cancels out.</remarks>
    public double SpeedAgainst(Series other) => Statistics.Median([.. Done.Zip(other.Done, (mine, theirs) => theirs / mine)]);
}

/// <summary>One round: its moments and its cost.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Measurement(Lap Lap, Cost Cost);
