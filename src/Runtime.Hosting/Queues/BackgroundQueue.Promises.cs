namespace Runtime.Hosting.Queues;

// Deadlines as promises: refusing at once what would end after its deadline, and counting what did all the same.
internal sealed partial class BackgroundQueue
{
    // What the queue knows about its items' run times; null while it admits everything. Under the lock, as all below.
    private Promises? _promises;

    // Items that started and ended after their deadline; enqueues refused because they would have.
    private long _missed;
    private long _rejectedLate;

    // Until then an enqueue like the one that was refused last for its deadline would be refused again.
    private long _lateUntil;

    // Whether a new item is to be refused for its deadline; then its handle, which nobody gets, keeps the estimate: FinishedTicks, from ReadyAt on.
    private bool IsLate_NeedsLock(WorkHandle entry, long now)
    {
        if (_promises is not { IsKnown: true } promises || entry.Options.Deadline is not { } span)
        {
            return false;
        }

        SetOrder(entry, _settings, now);
        var deadline = now + Clock.ToTicks(span);
        var delay = entry.Options.Delay is { } time ? Clock.ToTicks(time) : 0;
        Fold_NeedsLock(now);
        if (!promises.IsLate(entry, delay, _lanes, _running, _settings.MaxConcurrency, now, deadline, out var end))
        {
            return false;
        }

        entry.FinishedTicks = end;
        _lateUntil = now + end - deadline;
        _rejectedLate++;
        return true;
    }

    private DeadlineUnattainableException LateRefusal(WorkHandle entry) =>
        new(Name, entry.Options.Deadline.GetValueOrDefault(), Clock.ToSpan(entry.FinishedTicks - entry.ReadyAt));

    // With new settings. The run times are learnt anew each time it is switched on.
    private void SetAdmission_NeedsLock(QueueAdmission admission)
    {
        if ((admission == QueueAdmission.RejectIfLate) == _promises is not null)
        {
            return;
        }

        _promises = _promises is null ? new Promises() : null;
        _lanes.Track(_promises);
        _lateUntil = 0;
    }

    // A started item has ended.
    private void JudgeEnd_NeedsLock(WorkHandle entry, long now)
    {
        if (_promises is { } promises)
        {
            promises.OnRan(entry, now - entry.StartedTicks);
            if (_lanes.Count > 0)
            {
                promises.OnEndedBeforeOthers(_running);
            }
        }

        if (entry.Extras is not null && LatenessOf(entry, now) > 0)
        {
            _missed++;
        }
    }

    /// <summary>How long after its deadline an item ends; 0 or less when in time, or when it has none.</summary>
    private long LatenessOf(WorkHandle entry, long now) =>
        entry.Options.Deadline is { } deadline ? now - entry.EnqueuedTicks - Clock.ToTicks(deadline) : 0;

    // Outside the lock.
    private void ReportLateness(WorkHandle entry, long now)
    {
        var late = LatenessOf(entry, now);
        if (late > 0)
        {
            _reporter.Late(entry, late);
        }
    }
}
