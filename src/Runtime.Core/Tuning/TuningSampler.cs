using System.Collections.Frozen;

namespace Runtime.Core.Tuning;

/// <summary>Makes samples out of snapshots. Not thread safe.</summary>
internal sealed class TuningSampler(Func<RuntimeSnapshot> read, Func<TuningSignals> listen, IRuntimeTunable runtime, TimeProvider clock)
{
    // From here on all workers count as busy: some time always goes into looking for the next item.
    private const double AllBusy = 0.85;

    private static readonly TuningKnob[] Knobs = Enum.GetValues<TuningKnob>();

    private RuntimeSnapshot _before = read();
    private TuningSignals _heardBefore = listen();
    private long _takenAt = clock.GetTimestamp();

    /// <summary>Gets how many items had been run at the last sample.</summary>
    public long Executed => _before.Executed;

    /// <summary>Gets how long ago the last sample was.</summary>
    public TimeSpan Age => clock.GetElapsedTime(_takenAt);

    /// <summary>Forgets what was: the next sample covers the time from now on.</summary>
    public void Restart()
    {
        _before = read();
        _heardBefore = listen();
        _takenAt = clock.GetTimestamp();
    }

    /// <summary>Leaves out the time until now, in which nothing happened.</summary>
    public void CountFromNow() => _takenAt = clock.GetTimestamp();

    /// <summary>Takes a sample of the time since the last one.</summary>
    public TuningSample Take()
    {
        var (before, heardBefore, elapsed) = (_before, _heardBefore, Age);
        Restart();
        var (now, heard) = (_before, _heardBefore);
        var waits = now.WaitTime.Since(before.WaitTime);
        var count = waits.Count;
        var workers = Workers(before, now);
        var utilization = elapsed > TimeSpan.Zero && now.Workers.Count > 0
            ? Math.Clamp(workers.Busy.TotalSeconds / (elapsed.TotalSeconds * now.Workers.Count), 0, 1)
            : 0;
        var executed = now.Executed - before.Executed;
        var requests = heard.Requests - heardBefore.Requests;
        var knobs = Knobs.ToFrozenDictionary(static knob => knob, knob => (Value: runtime.Get(knob), Configured: runtime.Configured(knob)));
        return new TuningSample
        {
            Elapsed = elapsed,
            WorkerThreads = knobs[TuningKnob.WorkerThreads].Value,
            WorkStealing = knobs[TuningKnob.WorkStealing].Value != 0,
            Utilization = utilization,
            Executed = executed,
            Waiting = Unfinished(now),
            AverageWait = count > 0 ? waits.Sum / count : now.LongestWait,
            StealAttempts = workers.Attempts,
            Steals = workers.Steals,
            Arrived = Math.Max(0, executed + Unfinished(now) - Unfinished(before)),
            Saturation = utilization >= AllBusy && now.QueueDepth.Sum() > 0 ? 1 : 0,
            WakeUps = workers.Parks,
            Requests = requests,
            RequestLatency = requests > 0 ? (heard.RequestTime - heardBefore.RequestTime) / requests : TimeSpan.Zero,
            QueueFill = heard.QueueFill,
            QueueWait = heard.QueueWait,
            Refused = heard.Refused - heardBefore.Refused,
            CleanupHelped = now.Cleanup.Helped - before.Cleanup.Helped,
            CleanupFill = (double)now.Cleanup.Backlog / Math.Max(1, now.Cleanup.Capacity),
            CleanupSlices = now.Cleanup.Slices.Count - before.Cleanup.Slices.Count,
            Knobs = knobs,
        };
    }

    private static long Unfinished(RuntimeSnapshot snapshot) => snapshot.QueueDepth.Sum() + snapshot.Workers.Count(static worker => worker.IsRunning);

    // Of the workers that are there now; what one that has ended did in between is lost, which only makes a sample more careful.
    private static (TimeSpan Busy, long Attempts, long Steals, long Parks) Workers(RuntimeSnapshot before, RuntimeSnapshot now)
    {
        var earlier = before.Workers.ToDictionary(static worker => worker.Id);
        var (busy, attempts, steals, parks) = (TimeSpan.Zero, 0L, 0L, 0L);
        foreach (var worker in now.Workers)
        {
            var old = earlier.GetValueOrDefault(worker.Id);
            busy += worker.Busy - (old?.Busy ?? TimeSpan.Zero);
            attempts += worker.StealAttempts - (old?.StealAttempts ?? 0);
            steals += worker.Steals - (old?.Steals ?? 0);
            parks += worker.Parks - (old?.Parks ?? 0);
        }

        return (busy, attempts, steals, parks);
    }
}
