namespace Runtime.Core.Tuning;

/// <summary>Makes samples out of snapshots. Not thread safe.</summary>
internal sealed class TuningSampler(Func<RuntimeSnapshot> read, IRuntimeTunable runtime, TimeProvider clock)
{
    private RuntimeSnapshot _before = read();
    private long _takenAt = clock.GetTimestamp();

    /// <summary>Gets how many items had been run at the last sample.</summary>
    public long Executed => _before.Executed;

    /// <summary>Forgets what was: the next sample covers the time from now on.</summary>
    public void Restart()
    {
        _before = read();
        _takenAt = clock.GetTimestamp();
    }

    /// <summary>Leaves out the time until now, in which nothing happened. Only while nobody takes a sample.</summary>
    public void CountFromNow() => _takenAt = clock.GetTimestamp();

    /// <summary>Takes a sample of the time since the last one.</summary>
    public TuningSample Take()
    {
        var before = _before;
        var elapsed = clock.GetElapsedTime(_takenAt);
        Restart();
        var now = _before;
        var waits = now.WaitTime.Since(before.WaitTime);
        var count = waits.Count;
        var workers = Workers(before, now);
        return new TuningSample
        {
            Elapsed = elapsed,
            WorkerThreads = runtime.Get(TuningKnob.WorkerThreads),
            WorkStealing = runtime.Get(TuningKnob.WorkStealing) != 0,
            Utilization = elapsed > TimeSpan.Zero && now.Workers.Count > 0
                ? Math.Clamp(workers.Busy.TotalSeconds / (elapsed.TotalSeconds * now.Workers.Count), 0, 1)
                : 0,
            Executed = now.Executed - before.Executed,
            Waiting = now.QueueDepth.Sum() + now.Workers.Count(static worker => worker.IsRunning),
            AverageWait = count > 0 ? waits.Sum / count : now.LongestWait,
            StealAttempts = workers.Attempts,
            Steals = workers.Steals,
        };
    }

    // Of the workers that are there now; what one that has ended did in between is lost, which only makes a sample more careful.
    private static (TimeSpan Busy, long Attempts, long Steals) Workers(RuntimeSnapshot before, RuntimeSnapshot now)
    {
        var earlier = before.Workers.ToDictionary(static worker => worker.Id);
        var (busy, attempts, steals) = (TimeSpan.Zero, 0L, 0L);
        foreach (var worker in now.Workers)
        {
            var old = earlier.GetValueOrDefault(worker.Id);
            busy += worker.Busy - (old?.Busy ?? TimeSpan.Zero);
            attempts += worker.StealAttempts - (old?.StealAttempts ?? 0);
            steals += worker.Steals - (old?.Steals ?? 0);
        }

        return (busy, attempts, steals);
    }
}
