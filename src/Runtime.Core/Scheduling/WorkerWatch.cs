namespace Runtime.Core.Scheduling;

/// <summary>What the monitor knows of one worker. Written by the monitor's thread only.</summary>
internal sealed class WorkerWatch
{
    // Waits inside the system are looked for at these looks only: finding them is expensive, and most that are long are very long.
    private const int FirstSystemLook = 2;

    private bool _isBlocked;

    // Whether the thread was in a wait of the managed runtime at the last look, in the same item. One such look says little: a lock that is contended for
    // a microsecond, one of the scheduler's own among them, looks the same.
    private bool _waited;

    /// <summary>How many items it had run at the last look.</summary>
    private long _executed = -1;

    /// <summary>How many looks in a row have found it in the same item; 0: not in one, or in a new one.</summary>
    public int Looks { get; private set; }

    /// <summary>When it was first found in that item, in timestamp ticks.</summary>
    public long Since { get; private set; }

    /// <summary>Whether that item blocks the thread. Read by snapshots.</summary>
    public bool IsBlocked => Volatile.Read(ref _isBlocked);

    /// <summary>Whether the item has been reported.</summary>
    public bool IsReported { get; set; }

    /// <summary>Looks at the worker.</summary>
    /// <returns>Whether it is in the same item as at the last look.</returns>
    public bool Look(Worker worker, long now)
    {
        var executed = worker.Counters.Executed;
        if (executed != _executed || worker.CurrentItem is null)
        {
            _executed = executed;
            Looks = 0;
            Since = now;
            IsReported = false;
            _waited = false;
            Volatile.Write(ref _isBlocked, false);
            return false;
        }

        Looks++;
        Volatile.Write(ref _isBlocked, Waits(worker.Probe));
        return true;
    }

    private bool Waits(Concurrency.ThreadProbe? probe)
    {
        if (probe is null)
        {
            return false;
        }

        var waited = _waited;
        _waited = probe.IsInManagedWait;
        if (_waited)
        {
            return waited || IsBlocked;
        }

        var looksIntoTheSystem = Looks >= FirstSystemLook && int.IsPow2(Looks);
        return looksIntoTheSystem ? probe.IsInSystemWait() : IsBlocked;
    }
}
