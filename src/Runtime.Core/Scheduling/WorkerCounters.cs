using System.Runtime.InteropServices;
using Runtime.Core.Concurrency;

namespace Runtime.Core.Scheduling;

/// <summary>What one worker has done. Written by its owner alone, without any interlocked operation; read by anyone, a little late.</summary>
internal sealed class WorkerCounters
{
    // One item in 64 is timed: two readings of the clock cost as much as running a small item.
    internal const uint SampleMask = 63;

    // When the worker began, in timestamp ticks.
    private long _began;

    // When the present park began; 0 while it is not parked. And the sum of the parks before it.
    private long _parkBegan;
    private long _parked;

    private long _executed;

    // The sampled durations.
    private readonly DurationCounts _wait = new();
    private readonly DurationCounts _run = new();

    public long LocalRuns;
    public long SlotRuns;
    public long StealAttempts;
    public long Steals;
    public long ItemsStolen;
    public long Overflows;
    public long Parks;
    public long ForcedYields;

    /// <summary>Counts submissions of the owner, to sample one in 64.</summary>
    public uint Submissions;

    public long Executed => Volatile.Read(ref _executed);

    public DurationCounts Wait => _wait;

    public DurationCounts Run => _run;

    public void Begin() => Volatile.Write(ref _began, MonotonicClock.Timestamp);

    /// <summary>The latest sampled run time, in timestamp ticks. Owner only.</summary>
    public long LastRun { get; private set; }

    public ItemSample BeginItem(in QueueEntry entry)
    {
        var timed = (_executed & SampleMask) == 0;
        Volatile.Write(ref _executed, _executed + 1);
        return timed || entry.Ready.IsSampled ? Sample(entry.Ready, timed) : default;
    }

    /// <summary>Counts the end of an item.</summary>
    /// <returns>Whether its run was timed.</returns>
    public bool EndItem(ItemSample sample)
    {
        if (sample.StartedAt == 0)
        {
            return false;
        }

        LastRun = MonotonicClock.Timestamp - sample.StartedAt;
        _run.Add(LastRun);
        return true;
    }

    private ItemSample Sample(ReadyStamp ready, bool timed)
    {
        var now = MonotonicClock.Timestamp;
        if (ready.IsSampled)
        {
            _wait.Add(now - ready.Timestamp);
        }

        return new ItemSample(timed ? now : 0);
    }

    public void BeginPark()
    {
        Parks++;
        Volatile.Write(ref _parkBegan, MonotonicClock.Timestamp);
    }

    public void EndPark()
    {
        Volatile.Write(ref _parked, _parked + (MonotonicClock.Timestamp - _parkBegan));
        Volatile.Write(ref _parkBegan, 0);
    }

    /// <summary>How long the worker has lived and how long of it it was not parked, in timestamp ticks.</summary>
    public (long Lived, long Busy) Time(long now)
    {
        var began = Volatile.Read(ref _began);
        if (began == 0)
        {
            return (0, 0);
        }

        var parked = Volatile.Read(ref _parked);
        var since = Volatile.Read(ref _parkBegan);
        if (since != 0)
        {
            parked += Math.Max(0, now - since);
        }

        var lived = Math.Max(0, now - began);
        return (lived, Math.Max(0, lived - parked));
    }

    /// <summary>When a sampled item started, or 0.</summary>
    [StructLayout(LayoutKind.Auto)]
    internal readonly record struct ItemSample(long StartedAt);
}
