using Runtime.Core.Concurrency;

namespace Runtime.Core.Scheduling;

// Reading the counters without stopping anybody.
internal sealed partial class Scheduler
{
    public SchedulerSnapshot Snapshot()
    {
        lock (_workersLock)
        {
            var now = MonotonicClock.Timestamp;
            var wait = _retired.CopyWait();
            var run = _retired.CopyRun();
            var executed = _retired.Executed;
            var forcedYields = _retired.ForcedYields;
            var workers = new List<WorkerSnapshot>(_workers.Length);
            var injected = Injector.Count;
            long plain = injected;
            var oldest = Math.Min(Injector.OldestReadyAt, Lanes.OldestReadyAt);
            foreach (var worker in _workers)
            {
                workers.Add(worker.Snapshot(now));
                worker.Counters.Wait.AddTo(wait.Counts, ref wait.Sum);
                worker.Counters.Run.AddTo(run.Counts, ref run.Sum);
                executed += worker.Counters.Executed;
                forcedYields += Volatile.Read(ref worker.Counters.ForcedYields);
                plain += Math.Max(0, worker.Queue.Count) + (worker.Slot.IsEmpty ? 0 : 1);
                oldest = Math.Min(oldest, Math.Min(worker.Queue.OldestReadyAt, worker.Slot.IsEmpty ? long.MaxValue : worker.Slot.Ready.Milliseconds));
            }

            var depth = new long[LaneSet.Levels];
            for (var level = 0; level < depth.Length; level++)
            {
                depth[level] = Lanes.CountOf((TaskPriority)level);
            }

            depth[(int)TaskPriority.Normal] += plain;
            return new SchedulerSnapshot(
                workers,
                depth,
                injected,
                oldest == long.MaxValue ? TimeSpan.Zero : TimeSpan.FromMilliseconds(Math.Max(0, MonotonicClock.Milliseconds - oldest)),
                executed,
                forcedYields,
                Lanes.Boosts,
                new DurationHistogram(wait.Counts, MonotonicClock.ToDuration(wait.Sum)),
                new DurationHistogram(run.Counts, MonotonicClock.ToDuration(run.Sum)));
        }
    }
}

/// <summary>The scheduler's part of a <see cref="RuntimeSnapshot"/>.</summary>
internal sealed record SchedulerSnapshot(
    IReadOnlyList<WorkerSnapshot> Workers,
    IReadOnlyList<long> QueueDepth,
    long InjectorDepth,
    TimeSpan LongestWait,
    long Executed,
    long ForcedYields,
    long StarvationBoosts,
    DurationHistogram WaitTime,
    DurationHistogram RunTime);
