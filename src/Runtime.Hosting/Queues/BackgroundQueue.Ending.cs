namespace Runtime.Hosting.Queues;

// The way out: how an item ends, whether or not it has started.
internal sealed partial class BackgroundQueue
{
    // The items that have started, awaited and not ended; those that are still in their first stretch are some pump's Current.
    private WorkHandle[] _awaiting = new WorkHandle[16];
    private int _awaitingCount;

    /// <summary>Ends an item that awaited or failed. Called once, by the item's own flow.</summary>
    private void OnEnded(WorkHandle entry, WorkStatus status, Exception? error, long now)
    {
        var after = default(Afterwork);
        lock (_lock)
        {
            if (error is not null)
            {
                entry.EnsureExtras().Error = error;
            }

            if (entry.Place == WorkPlace.Claimed)
            {
                Adopt(FindPump_NeedsLock(entry)!, entry); // the pump has not come to the lock with it yet
            }

            EndStarted_NeedsLock(entry, status, now, ref after);
            EnsurePump_NeedsLock(now, ref after);
            Leave_NeedsLock(now, ref after);
        }

        Interlocked.MemoryBarrier(); // pairs with the exchange in EnsureCompletion
        TellEnded(entry);
        after.Run(this);
    }

    /// <summary>Creates the task of an item that has none yet.</summary>
    internal static void EnsureCompletion(WorkHandle entry)
    {
        // The exchange is a fence: either the end of the item sees the source, or this sees the end.
        if (Volatile.Read(ref entry.CompletionSource) is null
            && Interlocked.CompareExchange(ref entry.CompletionSource, entry.CreateCompletionSource(), null) is null
            && entry.IsOver)
        {
            entry.SettleCompletion();
        }
    }

    // A started item is over: books, place, keys. The waiters for its task are told outside the lock.
    private void EndStarted_NeedsLock(WorkHandle entry, WorkStatus status, long now, ref Afterwork after)
    {
        if (entry.AwaitingIndex >= 0)
        {
            RemoveAwaiting_NeedsLock(entry);
        }

        // An abandoned item stays counted as that; its handle tells how it really ended.
        if (entry.Place == WorkPlace.Running)
        {
            JudgeEnd_NeedsLock(entry, now);
            _running--;
            Count_NeedsLock(status);
        }

        entry.Place = WorkPlace.None;
        End_NeedsLock(entry, status, now);
        if (entry.Extras is { } extras)
        {
            LeaveKeys_NeedsLock(entry, extras, started: true, now);
        }

        SignalDrained_NeedsLock(ref after);
    }

    // An item ends that has not started.
    private void EndQueued_NeedsLock(WorkHandle entry, WorkStatus status, long now, ref Afterwork after)
    {
        RemoveFromPlace_NeedsLock(entry);
        OnLeftQueue_NeedsLock(1, now);
        Count_NeedsLock(status);
        End_NeedsLock(entry, status, now);
        if (entry.Extras is { } extras)
        {
            LeaveKeys_NeedsLock(entry, extras, started: false, now);
            EnsurePump_NeedsLock(now, ref after);
        }

        after.AddEnded(entry);
        SignalDrained_NeedsLock(ref after);
    }

    private void RemoveFromPlace_NeedsLock(WorkHandle entry)
    {
        switch (entry.Place)
        {
            case WorkPlace.Lanes:
                _lanes.Remove(entry);
                if (entry.Extras?.Key is { } key)
                {
                    key.InLanes--;
                }

                break;
            case WorkPlace.Delayed:
                _delayed.Remove(entry);
                break;
            case WorkPlace.Blocked:
                _keys.Remove(entry.Extras!.Key!, entry);
                break;
        }

        entry.Place = WorkPlace.None;
    }

    private void OnLeftQueue_NeedsLock(int count, long now)
    {
        if (_drain.OnLeft(now, count))
        {
            ChooseTimed_NeedsLock();
        }

        _held -= count;
        if (_held == 0)
        {
            _drain.OnIdle(now);
        }

        _unreturned += count;
        if (_unreturned >= _mostUnreturned)
        {
            ReturnPlaces_NeedsLock();
        }
    }

    private void LeaveKeys_NeedsLock(WorkHandle entry, WorkExtras extras, bool started, long now)
    {
        if (entry.Options.UniqueKey is { } unique && _unique.TryGetValue(unique, out var holder) && holder == entry)
        {
            _unique.Remove(unique);
        }

        if (extras.Key is { } key)
        {
            extras.Key = null;
            LeaveKey_NeedsLock(key, entry, started, now);
        }
    }

    private void End_NeedsLock(WorkHandle entry, WorkStatus status, long now)
    {
        entry.FinishedTicks = Math.Max(now, Math.Max(entry.EnqueuedTicks, entry.StartedTicks)); // the reading may be of before the lock
        entry.FinishOrdinal = ++_finished;
        entry.Stage = status;
        if (entry.Extras is { Secret: not 0 })
        {
            _history.OnFinished(entry);
        }

        _history.Trim(_finished, _settings.HistorySize);
    }

    private void Count_NeedsLock(WorkStatus status)
    {
        switch (status)
        {
            case WorkStatus.Succeeded:
                _succeeded++;
                break;
            case WorkStatus.Failed:
                _failed++;
                break;
            case WorkStatus.Cancelled:
                _cancelled++;
                break;
            case WorkStatus.Dropped:
                _dropped++;
                break;
        }
    }

    // A pump finds that its item has awaited. If the item has ended meanwhile, on another worker, it is nowhere any more.
    private void AddAwaiting_NeedsLock(WorkHandle entry)
    {
        if (_awaitingCount == _awaiting.Length)
        {
            Array.Resize(ref _awaiting, _awaitingCount * 2);
        }

        entry.AwaitingIndex = _awaitingCount;
        _awaiting[_awaitingCount++] = entry;
    }

    private void RemoveAwaiting_NeedsLock(WorkHandle entry)
    {
        var last = _awaiting[--_awaitingCount];
        _awaiting[_awaitingCount] = null!;
        if (last != entry)
        {
            _awaiting[entry.AwaitingIndex] = last;
            last.AwaitingIndex = entry.AwaitingIndex;
        }

        entry.AwaitingIndex = -1;
    }

    // Tells those who wait for an item. Outside the lock, after a fence behind the write of the final stage.
    private static void TellEnded(WorkHandle entry)
    {
        entry.Release();
        if (entry.CompletionSource is not null)
        {
            entry.SettleCompletion();
        }
    }

    /// <summary>Tells of an item that was cancelled or dropped before it started. Outside the lock.</summary>
    internal void AfterEndedUnstarted(WorkHandle entry)
    {
        entry.Extras?.TakeTimer()?.Dispose();
        if (entry.Stage == WorkStatus.Cancelled)
        {
            _reporter.Cancelled(entry);
        }

        Interlocked.MemoryBarrier(); // pairs with the exchange in EnsureCompletion
        TellEnded(entry);
    }
}
