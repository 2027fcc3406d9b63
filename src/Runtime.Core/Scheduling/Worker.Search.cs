using Runtime.Core.Concurrency;

namespace Runtime.Core.Scheduling;

// Where the next item comes from: lanes, slot, own queue, injector; then the other workers' queues.
internal sealed partial class Worker
{
    // Tokio's bound on a batch: half of the ring, so that what is fetched is never what overflows.
    private const int MaxBatch = LocalQueue.Capacity / 2;

    // Where a batch from the injector lands before it goes into the ring. Owner only; empty between two uses.
    private readonly QueueEntry[] _batch = new QueueEntry[MaxBatch];

    private bool FindInReach(SchedulerSettings settings, out QueueEntry entry)
    {
        var lanesInUse = !_scheduler.Lanes.IsEmpty;
        if (--_untilInjector <= 0)
        {
            _untilInjector = _injectorInterval;
            if (!lanesInUse && _scheduler.Injector.TryPop(out entry))
            {
                return true; // a busy local queue must not shut the injector out
            }
        }

        if (lanesInUse)
        {
            return FindByPriority(settings, out entry);
        }

        if (_slot.TryTake(out entry))
        {
            _slotRuns++;
            Counters.SlotRuns++;
            return true;
        }

        _slotRuns = 0;
        return PopLocal(out entry) || FetchFromInjector(settings, out entry);
    }

    private bool PopLocal(out QueueEntry entry)
    {
        if (!Queue.TryPop(out entry))
        {
            return false;
        }

        Counters.LocalRuns++;
        return true;
    }

    private bool FetchFromInjector(SchedulerSettings settings, out QueueEntry entry)
    {
        if (!settings.Stealing)
        {
            return _scheduler.Injector.TryPop(out entry);
        }

        // A fair share: with W workers each takes a W-th, so that one does not carry the burst off to its own queue. The queue is empty here.
        var waiting = _scheduler.Injector.Count;
        if (waiting <= 1)
        {
            return _scheduler.Injector.TryPop(out entry);
        }

        var share = _batch.AsSpan(0, Math.Min((waiting / _scheduler.ActiveWorkers) + 1, MaxBatch));
        var count = _scheduler.Injector.Take(share);
        entry = count > 0 ? share[0] : default;
        for (var i = 1; i < count; i++)
        {
            Push(share[i]); // never overflows
        }

        share[..count].Clear();
        return count > 0;
    }

    private bool FindByPriority(SchedulerSettings settings, out QueueEntry entry)
    {
        if (_slot.TryTake(out entry))
        {
            Push(entry); // plain work like the rest, while there is other
        }

        var now = MonotonicClock.Milliseconds;
        var local = Queue.OldestReadyAt;
        var global = _scheduler.Injector.OldestReadyAt;
        var plain = Math.Min(local, global);

        // Without plain work in reach, less urgent work must wait until the other workers' queues have been looked into as well.
        var leastUrgent = plain == long.MaxValue && settings.Stealing ? (int)TaskPriority.Normal : int.MaxValue;
        if (_scheduler.Lanes.TryTake(new SharedLanes.Limits(now, settings.StarvationThreshold, plain, leastUrgent), out entry))
        {
            return true;
        }

        if (plain != long.MaxValue)
        {
            var injector = _scheduler.Injector;
            if (global < local ? injector.TryPop(out entry) || PopLocal(out entry) : PopLocal(out entry) || injector.TryPop(out entry))
            {
                return true;
            }
        }

        if (settings.Stealing && StealOnce(out entry) == StealResult.Success)
        {
            return true;
        }

        if (_scheduler.Lanes.TryTake(new SharedLanes.Limits(now, settings.StarvationThreshold, long.MaxValue, int.MaxValue), out entry))
        {
            return true;
        }

        return false;
    }

    /// <summary>Looks for work in the other workers' queues, as one of at most half of the workers at a time.</summary>
    private bool Search(SchedulerSettings settings, out QueueEntry entry)
    {
        entry = default;
        if (!settings.Stealing)
        {
            return false;
        }

        if (!IsSearching)
        {
            if (!_scheduler.Idle.TryStartSearching())
            {
                return false;
            }

            IsSearching = true;
        }

        var started = 0L;
        for (var attempt = 0; attempt < settings.MaxStealAttempts; attempt++)
        {
            switch (StealOnce(out entry))
            {
                case StealResult.Success:
                    return true;
                case StealResult.Empty:
                    return FindInReach(settings, out entry);
            }

            // A race was lost: the winner needs a moment. Spin, twice as long each time, up to the configured pause.
            started = started == 0 ? MonotonicClock.Timestamp : started;
            if (MonotonicClock.ToDuration(MonotonicClock.Timestamp - started) < settings.StealBackoff)
            {
                Thread.SpinWait(16 << Math.Min(attempt, 8));
            }

            if (FindInReach(settings, out entry))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Goes round the other workers once, from a random one on.</summary>
    private StealResult StealOnce(out QueueEntry entry)
    {
        entry = default;
        var workers = _scheduler.Workers;
        var outcome = StealResult.Empty;
        var start = _random.Next(workers.Length);
        for (var i = 0; i < workers.Length; i++)
        {
            var victim = workers[(start + i) % workers.Length];
            if (victim == this || victim.Queue.Visitor.IsEmpty)
            {
                continue;
            }

            Counters.StealAttempts++;
            switch (victim.Queue.Visitor.StealInto(Queue, out entry, out var taken))
            {
                case StealResult.Success:
                    Counters.Steals++;
                    Counters.ItemsStolen += taken;
                    return StealResult.Success;
                case StealResult.Retry:
                    outcome = StealResult.Retry;
                    break;
            }
        }

        return outcome;
    }
}
