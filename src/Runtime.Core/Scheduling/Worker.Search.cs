using Runtime.Core.Concurrency;

namespace Runtime.Core.Scheduling;

// Where the next item comes from: lanes, own queue, injector; then the other workers' queues.
internal sealed partial class Worker
{
    private WorkItem? FindInReach(SchedulerSettings settings)
    {
        if (++_tick % InjectorInterval == 0 && _scheduler.Lanes.IsEmpty && _scheduler.Injector.Pop() is { } oldest)
        {
            return oldest; // a busy local queue must not shut the injector out
        }

        if (!_scheduler.Lanes.IsEmpty)
        {
            return FindByPriority(settings);
        }

        return PopLocal() ?? FetchFromInjector(settings);
    }

    private WorkItem? PopLocal()
    {
        var item = Queue.Pop();
        if (item is not null)
        {
            Counters.LocalRuns++;
        }

        return item;
    }

    private WorkItem? FetchFromInjector(SchedulerSettings settings)
    {
        if (!settings.Stealing)
        {
            return _scheduler.Injector.Pop();
        }

        // A fair share: with W workers each takes a W-th, so that one does not carry the burst off to its own queue. The queue is empty here.
        var share = Math.Min((_scheduler.Injector.Count / _scheduler.WorkerCount) + 1, MaxBatch);
        return _scheduler.Injector.PopBatch(Queue, share - 1);
    }

    private WorkItem? FindByPriority(SchedulerSettings settings)
    {
        var now = MonotonicClock.Milliseconds;
        var local = Queue.PeekReadyAt();
        var global = _scheduler.Injector.OldestReadyAt;
        var plain = Math.Min(local, global);

        // Without plain work in reach, less urgent work must wait until the other workers' queues have been looked into as well.
        var leastUrgent = plain == long.MaxValue && settings.Stealing ? (int)TaskPriority.Normal : int.MaxValue;
        if (_scheduler.Lanes.TryTake(now, settings.StarvationThreshold, plain, leastUrgent) is { } urgent)
        {
            return urgent;
        }

        if (plain != long.MaxValue)
        {
            var item = global < local ? _scheduler.Injector.Pop() ?? PopLocal() : PopLocal() ?? _scheduler.Injector.Pop();
            if (item is not null)
            {
                return item;
            }
        }

        if (settings.Stealing && StealOnce(out var stolen) == StealResult.Success)
        {
            return stolen;
        }

        return _scheduler.Lanes.TryTake(now, settings.StarvationThreshold, long.MaxValue, int.MaxValue);
    }

    /// <summary>Looks for work in the other workers' queues, as one of at most half of the workers at a time.</summary>
    private WorkItem? Search(SchedulerSettings settings)
    {
        if (!settings.Stealing)
        {
            return null;
        }

        if (!IsSearching)
        {
            if (!_scheduler.Idle.TryStartSearching(_scheduler.WorkerCount))
            {
                return null;
            }

            IsSearching = true;
        }

        var started = 0L;
        for (var attempt = 0; attempt < settings.MaxStealAttempts; attempt++)
        {
            switch (StealOnce(out var item))
            {
                case StealResult.Success:
                    return item;
                case StealResult.Empty:
                    return FindInReach(settings);
            }

            // A race was lost: the winner needs a moment. Spin, twice as long each time, up to the configured pause.
            started = started == 0 ? MonotonicClock.Timestamp : started;
            if (MonotonicClock.ToDuration(MonotonicClock.Timestamp - started) < settings.StealBackoff)
            {
                Thread.SpinWait(16 << Math.Min(attempt, 8));
            }

            if (FindInReach(settings) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    /// <summary>Goes round the other workers once, from a random one on.</summary>
    private StealResult StealOnce(out WorkItem? item)
    {
        item = null;
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
            switch (victim.Queue.Visitor.StealInto(Queue, out item, out var taken))
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
