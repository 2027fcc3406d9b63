using Runtime.Core.Concurrency;

namespace Runtime.Core.Scheduling;

// Where the next item comes from: lanes, slot, own queue, injector; then the other workers' queues.
internal sealed partial class Worker
{
    // Tokio's bound on a batch: half of the ring, so that what is fetched is never what overflows.
    private const int MaxBatch = LocalQueue.Capacity / 2;

    // Where a batch from the injector lands before it goes into the ring. Owner only; empty between two uses.
    private readonly QueueEntry[] _batch = new QueueEntry[MaxBatch];

    // How many items have gone before the injector since it was due. Owner only.
    private int _passedOver;

    private bool FindInReach(SchedulerSettings settings, out QueueEntry entry)
    {
        var lanesInUse = !_scheduler.Lanes.IsEmpty;
        if (--_untilInjector <= 0)
        {
            _untilInjector = _injectorInterval;
            LookIntoPollerInPassing();
            if (!lanesInUse && VisitInjector(settings, out entry))
            {
                return true;
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

    // A busy local queue must not shut the injector out. What is there goes behind what is in the ring already, so that what came first starts first.
    // A ring that is more than half full has no room for it: left alone it would be empty after as many items as it holds. If by then it is not, the
    // work keeps filling it, and an item from outside goes first.
    private bool VisitInjector(SchedulerSettings settings, out QueueEntry entry)
    {
        entry = default;
        if (_scheduler.Injector.IsEmpty)
        {
            return false;
        }

        if (Queue.Count > MaxBatch)
        {
            _passedOver += _injectorInterval;
            return _passedOver > LocalQueue.Capacity && _scheduler.Injector.TryPop(out entry);
        }

        _passedOver = 0;
        if (!settings.Stealing)
        {
            return _scheduler.Injector.TryPop(out entry);
        }

        var share = Share();
        Keep(share[.._scheduler.Injector.Take(share)]);
        return false;
    }

    private bool FetchFromInjector(SchedulerSettings settings, out QueueEntry entry)
    {
        if (!settings.Stealing)
        {
            return _scheduler.Injector.TryPop(out entry);
        }

        LetGather();
        var share = Share();
        var count = _scheduler.Injector.Take(share);
        entry = count > 0 ? share[0] : default;
        Keep(share[1..Math.Max(1, count)]);
        share[0] = default;
        return count > 0;
    }

    // A fair share: with W workers each takes a W-th, so that one does not carry the burst off to its own queue.
    private Span<QueueEntry> Share() => _batch.AsSpan(0, Math.Min((_scheduler.Injector.Count / _scheduler.ActiveWorkers) + 1, MaxBatch));

    // Moves fetched items into the ring, which has room.
    private void Keep(Span<QueueEntry> fetched)
    {
        foreach (ref readonly var entry in fetched)
        {
            Push(entry);
        }

        fetched.Clear();
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

    /// <summary>Goes round the other workers once, the nearest first where some are nearer than others.</summary>
    private StealResult StealOnce(out QueueEntry entry)
    {
        var workers = _scheduler.Workers;
        if (_victims is null)
        {
            return StealFrom(workers, out entry);
        }

        entry = default;
        var outcome = StealResult.Empty;
        foreach (var circle in _victims.CirclesOf(workers))
        {
            switch (StealFrom(circle, out entry))
            {
                case StealResult.Success:
                    return StealResult.Success;
                case StealResult.Retry:
                    outcome = StealResult.Retry;
                    break;
            }
        }

        return outcome;
    }

    // Goes round them once, from a random one on.
    private StealResult StealFrom(Worker[] workers, out QueueEntry entry)
    {
        entry = default;
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
