namespace Runtime.Hosting.Queues;

// Claims: while items are brisk, a pump takes several in one go and walks through them without the lock. The protocol is in WorkClaims.cs.
// A claim can be called back as long as it has not started. It is, whenever somebody wants it or something may go before it:
//   - a more urgent item comes in: marked on the intake, which the pump looks at before each start, or under the lock;
//   - an item is cancelled, dropped, or given an id; somebody waits for room; the queue stops; its pump's turn ends;
//   - its pump has been held up by the item before it: the watch of Pace.cs.
internal sealed partial class BackgroundQueue
{
    // Pumps that took more than one item and have not come back to the lock to end the last. Under the lock, as all here.
    private readonly List<QueuePump> _claimers = [];

    // Set when items have been called back, or collected by somebody who is no pump: they may need one.
    private bool _mustEnsure;

    /// <summary>How many items are claimed and have not started. For tests.</summary>
    internal int ClaimCount
    {
        get
        {
            lock (_lock)
            {
                return _claimers.Sum(static pump => pump.Claims.Remaining);
            }
        }
    }

    // Claims what comes after the item that the pump has just taken: only what the lanes would give next anyway, and needs no lock to end.
    private void ClaimMore_NeedsLock(QueuePump pump, WorkHandle first, int level, long now)
    {
        if (_lanes.Count < 2 || !_brisk || !_isWatched || _firstWaiter is not null || !IsClaimable(first) || _lanes.ShareKeysOf(level) > 0)
        {
            return;
        }

        // Guided: a fraction of what is there, so that at the end of a backlog no pump sits on items that another could run.
        var most = Math.Min(WorkClaims.Most - 1, _lanes.Count / 4);
        var claimed = 0;
        if (_lanes.HasPlainOnly(level))
        {
            // There is nothing to compare with: the lane's order is the order.
            for (; claimed < most && _lanes.PeekPlain(level) is { } item && IsClaimable(item); claimed++)
            {
                _lanes.Claim(item);
                pump.Claims.Add(item);
            }
        }
        else
        {
            for (; claimed < most && _lanes.TryPeek(now, _settings.StarvationTicks, out var best); claimed++)
            {
                var item = best.Item;
                if (best.Level != level || (int)item.LanePriority != level || !IsClaimable(item))
                {
                    break;
                }

                _lanes.Claim(item);
                pump.Claims.Add(item);
            }
        }

        if (claimed > 0 && !pump.IsClaimer)
        {
            pump.IsClaimer = true;
            _claimers.Add(pump);
        }
    }

    // Whether an item can end without the lock, and nothing but more urgent work can come to go before it.
    private static bool IsClaimable(WorkHandle item) =>
        item.Extras is null || (item.Extras is { Key: null, Secret: 0, DeadlineTicks: long.MaxValue } && item.Options is { UniqueKey: null, ShareKey: null });

    /// <summary>Ends the pump's item, which has succeeded, and starts the next claim. By the pump, without the lock.</summary>
    /// <returns>The next item, or <see langword="null"/> when the lock must decide.</returns>
    private WorkHandle? Advance(QueuePump pump, WorkHandle entry, long now)
    {
        if (pump.Claims.Remaining <= 0 || _intake.IsUrgent || entry.Extras is { Secret: not 0 })
        {
            return null;
        }

        entry.FinishedTicks = now;
        entry.Stage = WorkStatus.Succeeded;
        var next = pump.Claims.TryAdvance();
        if (next is not null)
        {
            // Whoever wants to cancel the item that has ended finds it over; so a source that is cancelled was meant for the next.
            _ = pump.Source!.TryReset();
            TellEnded(entry);
        }

        return next;
    }

    /// <summary>Books what the pumps have done without the lock.</summary>
    private void Fold_NeedsLock(long now)
    {
        foreach (var pump in _claimers)
        {
            Fold_NeedsLock(pump, now);
        }
    }

    private void Fold_NeedsLock(QueuePump pump, long now)
    {
        var started = pump.Claims.FoldStarts();
        if (started == 0)
        {
            return;
        }

        pump.Takes += started;
        OnLeftQueue_NeedsLock(started, now);
        while (pump.Claims.FoldEnd() is { } over)
        {
            over.Place = WorkPlace.None;
            over.FinishOrdinal = ++_finished;
            JudgeEnd_NeedsLock(over, over.FinishedTicks);
            _succeeded++;
        }

        _history.Trim(_finished, _settings.HistorySize);
    }

    /// <summary>Items that have succeeded and are still booked as running: their pumps are about to say so.</summary>
    private int Unbooked_NeedsLock()
    {
        var count = 0;
        foreach (var pump in _claimers)
        {
            if (pump.Claims.Current is { Stage: WorkStatus.Succeeded, Place: WorkPlace.Claimed or WorkPlace.Running })
            {
                count++;
            }
        }

        return count;
    }

    /// <summary>Puts all claims back into the lanes.</summary>
    private void Recall_NeedsLock(long now)
    {
        foreach (var pump in _claimers)
        {
            Recall_NeedsLock(pump, now);
        }
    }

    /// <summary>Puts a pump's claims back into the lanes. After that it ends its item under the lock.</summary>
    private void Recall_NeedsLock(QueuePump pump, long now)
    {
        var first = pump.Claims.Recall(out var end);
        Fold_NeedsLock(pump, now);
        for (var index = end - 1; index >= first; index--)
        {
            _lanes.Add(pump.Claims.TakeOut(index)); // the last first: each goes to the front of its lane
            _mustEnsure = true;
        }

        if (pump.Claims.Current is { } current)
        {
            Adopt(pump, current);
        }
    }

    /// <summary>Makes the item of a pump one that anybody can find under the lock, with its token.</summary>
    private static void Adopt(QueuePump pump, WorkHandle current)
    {
        if (current.Place == WorkPlace.Claimed)
        {
            current.Place = WorkPlace.Running;
        }

        if (current.Place == WorkPlace.Running)
        {
            current.Cancellation ??= pump.Source;
        }
    }

    /// <summary>Makes sure that the item is started, ended and moved under the lock only.</summary>
    private void Settle_NeedsLock(WorkHandle entry, long now)
    {
        if (FindPump_NeedsLock(entry) is { } pump)
        {
            Recall_NeedsLock(pump, now);
        }
    }

    // The pump that has claimed or is running the item; null when it is in none, or past its first stretch.
    private QueuePump? FindPump_NeedsLock(WorkHandle entry)
    {
        if (entry.Place == WorkPlace.Claimed || (entry.Place == WorkPlace.Running && entry.AwaitingIndex < 0))
        {
            foreach (var pump in _pumps)
            {
                if (pump.Claims.Has(entry))
                {
                    return pump;
                }
            }
        }

        return null;
    }

    /// <summary>An item comes into the lanes that may go before claims.</summary>
    private void RecallBehind_NeedsLock(WorkHandle entry, long now)
    {
        if (_claimers.Count > 0 && (int)entry.LanePriority <= _intake.ServedLevel)
        {
            Recall_NeedsLock(now);
        }
    }
}
