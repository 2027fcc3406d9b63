namespace Runtime.Core.Scheduling;

// What the monitor does for a worker that is stuck in user code. Monitor's thread only.
internal sealed partial class Scheduler
{
    // Takes over from rings; the monitor's own, empty between two uses.
    private readonly LocalQueue _loot = new();

    /// <summary>Puts what a busy worker would have run next where others find it.</summary>
    public void FreeSlot(Worker worker)
    {
        if (worker.Slot.TryTake(out var entry))
        {
            Injector.Push(entry);
        }
    }

    /// <summary>The same with all that it has queued, while stealing is switched off and nobody else could take it.</summary>
    public void FreeUnreachable(Worker worker)
    {
        if (_settings.Stealing)
        {
            return;
        }

        Rob(worker, _loot, Injector.Push);
    }

    /// <summary>Puts everything that a blocked worker has queued ahead of other plain work: it may be waiting for just that.</summary>
    public void FreeQueues(Worker worker)
    {
        if (worker.Slot.TryTake(out var entry))
        {
            Lanes.Add(entry, TaskPriority.High, long.MaxValue);
        }

        Rob(worker, _loot, ahead => Lanes.Add(ahead, TaskPriority.High, long.MaxValue));
    }

    /// <summary>Tells pushes what time it is; 0 when nobody will tell them for a while.</summary>
    public void TellTime(long milliseconds) => Volatile.Write(ref _toldTime, _settings.StarvationThreshold < FineThreshold ? 0 : milliseconds);

    // In milliseconds. Below this a stamp that is a pause of the monitor old would pass for age: by the clock then.
    private const long FineThreshold = 100;

    /// <summary>Whether a worker of <see cref="WorkerIsolation.Idle"/> is at work, on a system where that is a policy of its own.</summary>
    public bool IsComputingAtIdlePriority =>
        OperatingSystem.IsLinux() && Volatile.Read(ref _shape).Isolation == WorkerIsolation.Idle && Array.Exists(_workers, static worker => worker.CurrentItem is not null);

    /// <inheritdoc cref="WorkerMonitor.Add"/>
    public void AddLookout(Func<bool> lookout) => _monitor.Add(lookout);

    /// <summary>Wakes a worker if there is anything to do.</summary>
    public void WakeIfWorkWaits()
    {
        if (HasWork())
        {
            Notify();
        }
    }

    /// <summary>Counts an item that has been found to block.</summary>
    public void CountBlocked() => Interlocked.Increment(ref _blockedItems);

    /// <summary>Says how many workers are held up: so many more may be awake.</summary>
    public void SetHeldUp(int heldUp)
    {
        if (heldUp == _heldUp)
        {
            return;
        }

        lock (_workersLock)
        {
            _heldUp = heldUp;
            SetLimit_NeedsLock();
        }
    }
}
