using Runtime.Core;
using Runtime.Core.Lifecycle;

namespace Runtime.Hosting.Queues;

// The stop: refuse, drain, cancel, give up. What it was and what became of it add up.
internal sealed partial class BackgroundQueue
{
    private const string StopReason = "the application is stopping";

    // How many queued items are cancelled before the lock is given free for a moment.
    private const int CancelBatch = 1000;

    // The one stop; later callers get the same. Set under the lock.
    private Task<ShutdownReport>? _stop;

    // Ends when nothing is live any more; set while a stop waits for that.
    private TaskCompletionSource? _drained;

    public RuntimeState State
    {
        get
        {
            lock (_lock)
            {
                return _state;
            }
        }
    }

    /// <summary>Stops: refuses new work, lets what is there run for <paramref name="drain"/>, cancels what is left, waits for <paramref name="cancel"/>, and gives up on the rest.</summary>
    /// <param name="drain">How long accepted work may still run. An item whose delay ends later than that is cancelled at once: waiting could not help it.</param>
    /// <param name="cancel">How long cancelled work may take to end.</param>
    /// <param name="cancellationToken">Ends the drain early.</param>
    /// <returns>What became of the items that were live when the stop began. Every caller gets the report of the first.</returns>
    public Task<ShutdownReport> StopAsync(TimeSpan drain, TimeSpan cancel, CancellationToken cancellationToken)
    {
        TaskCompletionSource<ShutdownReport>? starter = null;
        Task<ShutdownReport> stop;
        lock (_lock)
        {
            if (_stop is null)
            {
                starter = new TaskCompletionSource<ShutdownReport>(TaskCreationOptions.RunContinuationsAsynchronously);
                _stop = starter.Task;
            }

            stop = _stop;
        }

        if (starter is not null)
        {
            _ = RunStopAsync(starter, drain, cancel, cancellationToken);
        }

        return stop;
    }

    private async Task RunStopAsync(TaskCompletionSource<ShutdownReport> report, TimeSpan drain, TimeSpan cancel, CancellationToken cancellationToken)
    {
        try
        {
            report.SetResult(await StopOnceAsync(drain, cancel, cancellationToken));
        }
        catch (Exception exception)
        {
            report.SetException(exception); // a clock that fails; the queue is closed in any case
        }
    }

    private async Task<ShutdownReport> StopOnceAsync(TimeSpan drain, TimeSpan cancel, CancellationToken cancellationToken)
    {
        var begun = Clock.Now;
        var before = Close(begun, drain);
        await WaitDrainedAsync(drain, cancellationToken);
        await CancelAllAsync();
        await WaitDrainedAsync(cancel, CancellationToken.None);
        var report = Abandon(before, begun);
        if (report.Live > 0)
        {
            _reporter.Stopped(report);
        }

        return report;
    }

    // From here on nothing is accepted; the counters now are what the report is the difference to.
    private (long Completed, long Cancelled) Close(long now, TimeSpan drain)
    {
        var after = default(Afterwork);
        (long, long) before;
        lock (_lock)
        {
            _state = RuntimeState.ShuttingDown;
            _intake.Close();
            _mustEnsure |= Collect_NeedsLock(now); // who pushed it may be on the way to see to that, and until then nobody has
            Fold_NeedsLock(now);
            before = (_succeeded + Unbooked_NeedsLock() + _failed, _cancelled);
            RefuseWaiters_NeedsLock(ref after);
            var end = now + Clock.ToTicks(drain);
            foreach (var entry in _delayed.ToList())
            {
                if (entry.ReadyAt > end)
                {
                    RequestCancel_NeedsLock(entry, StopReason, now, ref after);
                }
            }

            Leave_NeedsLock(now, ref after);
        }

        after.Run(this);
        return before;
    }

    private async Task WaitDrainedAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        Task drained;
        lock (_lock)
        {
            if (!IsLive_NeedsLock)
            {
                return;
            }

            _drained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            drained = _drained.Task;
        }

        if (limit > TimeSpan.Zero)
        {
            await drained.WaitAsync(limit < LongestTimer ? limit : LongestTimer, Clock.Watchdog, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // a time-out and a cancel both just end the wait
        }
    }

    private void SignalDrained_NeedsLock(ref Afterwork after)
    {
        if (_drained is { } drained && !IsLive_NeedsLock)
        {
            _drained = null;
            after.SetDrained(drained);
        }
    }

    private async Task CancelAllAsync()
    {
        while (CancelSome())
        {
            // There are many, or an enqueue has reserved a place and not pushed its item yet: let others have the lock, and it the processor.
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        }
    }

    // Queued items first; then, in one go with the last of them, the running ones: after that none can start any more.
    private bool CancelSome()
    {
        List<(WorkHandle Entry, CancellationTokenSource Source)> running = [];
        var after = default(Afterwork);
        var now = Clock.Now;
        bool more;
        lock (_lock)
        {
            // One by one from the structures, since each cancelled item may move others of its key between them.
            Collect_NeedsLock(now);
            Recall_NeedsLock(now);
            for (var count = 0; count < CancelBatch && FindOldest_NeedsLock() is { } oldest; count++)
            {
                RequestCancel_NeedsLock(oldest, StopReason, now, ref after);
            }

            ReturnPlaces_NeedsLock();
            more = _intake.Reserved > 0;
            foreach (var entry in more ? [] : RunningItems_NeedsLock())
            {
                if (entry.Extras is not { CancelRequested: true } && RequestCancel_NeedsLock(entry, StopReason, now, ref after) is { } source)
                {
                    running.Add((entry, source));
                }
            }

            Leave_NeedsLock(now, ref after);
        }

        after.Run(this);
        foreach (var (entry, source) in running)
        {
            _ = CancelTokenAsync(entry, source);
        }

        return more;
    }

    private ShutdownReport Abandon((long Completed, long Cancelled) before, long begun)
    {
        var now = Clock.Now;
        lock (_lock)
        {
            Recall_NeedsLock(now);
            foreach (var entry in RunningItems_NeedsLock())
            {
                entry.Place = WorkPlace.Abandoned;
                _running--;
                _abandoned++;
            }

            _state = RuntimeState.Terminated;
            AssertInvariants_NeedsLock();
            return new ShutdownReport(
                _succeeded + Unbooked_NeedsLock() + _failed - before.Completed, _cancelled - before.Cancelled, _abandoned, Clock.ToSpan(Clock.Now - begun));
        }
    }

    private List<WorkHandle> RunningItems_NeedsLock()
    {
        List<WorkHandle> items = [.. _awaiting.AsSpan(0, _awaitingCount)];
        foreach (var pump in _pumps)
        {
            if (pump.Claims.Current is { Place: WorkPlace.Running, AwaitingIndex: < 0, IsOver: false } entry)
            {
                Adopt(pump, entry);
                items.Add(entry);
            }
        }

        return items;
    }
}
