namespace Runtime.Hosting.Queues;

// Cancelling one item, by its handle or by its timeout.
internal sealed partial class BackgroundQueue
{
    /// <summary>Cancels an item: one that has not started ends at once, the token of a running one is cancelled.</summary>
    /// <returns><see langword="false"/> when it is over or has been asked before.</returns>
    internal bool Cancel(WorkHandle entry, string? reason)
    {
        var after = default(Afterwork);
        CancellationTokenSource? source;
        var now = Clock.Now;
        lock (_lock)
        {
            _mustEnsure |= Collect_NeedsLock(now);
            Settle_NeedsLock(entry, now);
            if (entry.IsOver || entry.Extras is { CancelRequested: true })
            {
                return false;
            }

            source = RequestCancel_NeedsLock(entry, reason, now, ref after);
            AdmitWaiters_NeedsLock(now, ref after);
            Leave_NeedsLock(now, ref after);
        }

        after.Run(this);
        if (source is not null)
        {
            _ = CancelTokenAsync(entry, source);
        }

        return true;
    }

    // For an item that is settled: ends a queued one, or notes the request on a running one, whose token the caller then cancels.
    private CancellationTokenSource? RequestCancel_NeedsLock(WorkHandle entry, string? reason, long now, ref Afterwork after)
    {
        var extras = entry.EnsureExtras();
        extras.CancelRequested = true;
        extras.Reason = reason;
        if (entry.Place is WorkPlace.Running or WorkPlace.Abandoned)
        {
            return entry.Cancellation;
        }

        EndQueued_NeedsLock(entry, WorkStatus.Cancelled, now, ref after);
        return null;
    }

    /// <summary>Arms the timeout of an item that has started.</summary>
    private void StartTimeout(WorkHandle entry, TimeSpan timeout)
    {
        var timer = CreateTimer(Clock.Watchdog, static state => ((WorkHandle)state!).Queue.OnTimeout((WorkHandle)state), entry);
        entry.Extras!.Timer = timer; // the item's own flow: nobody else looks at it before the end of the item
        timer.Change(timeout, Timeout.InfiniteTimeSpan);
    }

    private void OnTimeout(WorkHandle entry)
    {
        Cancel(entry, $"timed out after {entry.Options.Timeout}");
    }

    // The token is cancelled here and now; the callbacks on it run on the ThreadPool, so that neither a request nor a
    // timer runs user code for it, and a worker loop that only polls the token sees it even when every worker is busy.
    private async Task CancelTokenAsync(WorkHandle entry, CancellationTokenSource source)
    {
        try
        {
            await source.CancelAsync().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            _reporter.CallbackFailed(entry, exception);
        }
    }
}
