namespace Runtime.Hosting.Queues;

// Delays: an accepted item that waits for its time. It counts towards the capacity and can be cancelled or dropped like any other.
internal sealed partial class BackgroundQueue
{
    // A timer takes a little under 50 days; a longer delay is waited for in steps of this.
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(24);

    private void StartDelay(WorkHandle entry)
    {
        var extras = entry.Extras!;

        // Noted first and armed then, so that its callback finds it noted.
        var timer = CreateTimer(Clock.Provider, static state => ((WorkHandle)state!).Queue.OnDelayTimer((WorkHandle)state), entry);
        lock (_lock)
        {
            if (entry.Place == WorkPlace.Delayed)
            {
                extras.Timer = timer;
            }
        }

        if (ReferenceEquals(extras.Timer, timer))
        {
            Arm(timer, entry, Clock.Now);
        }
        else
        {
            timer.Dispose(); // the item has been cancelled or dropped meanwhile
        }
    }

    private void OnDelayTimer(WorkHandle entry)
    {
        var extras = entry.Extras!;
        ITimer? timer;
        var after = default(Afterwork);
        var now = Clock.Now;
        var over = now >= entry.ReadyAt;
        lock (_lock)
        {
            if (entry.Place != WorkPlace.Delayed)
            {
                return;
            }

            timer = extras.Timer;
            if (over)
            {
                extras.Timer = null;
                _mustEnsure |= Collect_NeedsLock(now); // what was pushed before goes before
                _delayed.Remove(entry);
                extras.Number = entry.Sequence;
                entry.Sequence = ++_sequence;
                AddToLanes_NeedsLock(entry, now);
                RequestPump_NeedsLock(entry, ref after);
                Leave_NeedsLock(now, ref after);
            }
        }

        if (over)
        {
            timer?.Dispose();
            after.Run(this);
        }
        else
        {
            Arm(timer!, entry, now); // one step of a long delay, or a timer that fired a little early
        }
    }

    // On a timer that has been disposed meanwhile it does nothing.
    private void Arm(ITimer timer, WorkHandle entry, long now)
    {
        var remaining = Clock.ToSpan(entry.ReadyAt - now);
        var due = remaining > LongestTimer ? LongestTimer
            : remaining < TimeSpan.Zero ? TimeSpan.Zero
            : TimeSpan.FromMilliseconds(Math.Ceiling(remaining.TotalMilliseconds));
        timer.Change(due, Timeout.InfiniteTimeSpan);
    }

    // A timer, not armed, that does not keep the caller's ExecutionContext, and with it a request, alive.
    private static ITimer CreateTimer(TimeProvider provider, TimerCallback callback, object state)
    {
        if (ExecutionContext.IsFlowSuppressed())
        {
            return provider.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        using (ExecutionContext.SuppressFlow())
        {
            return provider.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }
}
