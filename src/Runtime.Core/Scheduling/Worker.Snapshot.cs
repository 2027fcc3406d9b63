using Runtime.Core.Concurrency;

namespace Runtime.Core.Scheduling;

// What a worker shows of itself.
internal sealed partial class Worker
{
    // The times at the snapshot before, for the utilization since; under the lock of the scheduler's workers.
    private (long Lived, long Busy) _timeBefore;

    public WorkerSnapshot Snapshot(long now)
    {
        var time = Counters.Time(now);
        var lived = time.Lived - _timeBefore.Lived;
        var busy = time.Busy - _timeBefore.Busy;
        _timeBefore = time;
        return new WorkerSnapshot
        {
            Id = Id,
            Name = Name,
            Utilization = lived <= 0 ? 0 : Math.Clamp((double)busy / lived, 0, 1),
            Busy = MonotonicClock.ToDuration(time.Busy),
            Executed = Counters.Executed,
            LocalRuns = Volatile.Read(ref Counters.LocalRuns),
            SlotRuns = Volatile.Read(ref Counters.SlotRuns),
            StealAttempts = Volatile.Read(ref Counters.StealAttempts),
            Steals = Volatile.Read(ref Counters.Steals),
            ItemsStolen = Volatile.Read(ref Counters.ItemsStolen),
            Parks = Volatile.Read(ref Counters.Parks),
            Overflows = Volatile.Read(ref Counters.Overflows),
            QueueDepth = Math.Max(0, Queue.Count) + (Slot.IsEmpty ? 0 : 1),
            IsRunning = CurrentItem is not null,
            IsBlocked = Watch.IsBlocked,
        };
    }
}
