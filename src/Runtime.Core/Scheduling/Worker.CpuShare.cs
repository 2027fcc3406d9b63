using Runtime.Core.Concurrency;

namespace Runtime.Core.Scheduling;

// A worker and the CPU share: between two items it charges what it has used by its own clock, and while there is debt it sleeps exactly until that is paid. Nothing polls.
// Critical work does not pay: it is run in spite of debt, and not charged. Whatever else there is waits, in queues that others can steal from; a boost by age does not change that, but for
// aged work that goes before Critical work in the lanes.
// A worker that sleeps here is neither parked nor searching. So pushes do not wake it, which is meant, and it counts as awake; it looks everywhere when the debt is paid.
internal sealed partial class Worker
{
    // The share for which the words below hold; another one makes them begin anew. Owner only, as all here.
    private CpuShare? _share;

    // What the thread's clock showed at the last charge, and when that was by the coarse clock: a reading is a system call, too dear for each of many short items.
    private long _charged;
    private long _chargedAt;

    /// <summary>Settles accounts before the next item.</summary>
    /// <param name="share">The share.</param>
    /// <param name="entry">Critical work that is to be run in spite of debt.</param>
    /// <param name="waited">Whether time has passed, so that the caller has to see whether it is to end.</param>
    /// <returns>Whether there is such work.</returns>
    private bool SettleShare(CpuShare share, out QueueEntry entry, out bool waited)
    {
        entry = default;
        waited = false;
        var coarse = MonotonicClock.Milliseconds;
        if (_share != share)
        {
            _share = share;
            _charged = ThreadCpuClock.Ticks;
            _chargedAt = coarse;
        }
        else if (coarse != _chargedAt)
        {
            _chargedAt = coarse;
            ChargeShare(share);
        }

        var debt = share.DebtAt(MonotonicClock.Timestamp);
        if (debt <= 0)
        {
            return false;
        }

        if (TryTakeFree(out entry))
        {
            return true;
        }

        waited = true;
        return SleepOffDebt(share, debt, out entry);
    }

    private bool SleepOffDebt(CpuShare share, long debt, out QueueEntry entry)
    {
        var wasSearching = IsSearching;
        if (wasSearching)
        {
            IsSearching = false;
            _scheduler.Idle.StopSearching(); // whoever pushed meanwhile has woken nobody: this worker looks once the debt is paid
        }

        _scheduler.Debtors.Enter(this);
        var found = TryTakeFree(out entry);
        var woken = false;
        if (!found && !IsRetiring && !_scheduler.IsClosed && _scheduler.CpuShare == share)
        {
            Counters.BeginPark();
            var began = MonotonicClock.Timestamp;
            woken = _parker.Park(MonotonicClock.ToDuration(debt));
            _scheduler.CountThrottled(MonotonicClock.Timestamp - began);
            Counters.EndPark();
        }

        if (!woken && !_scheduler.Debtors.Remove(this))
        {
            _parker.Park(); // a waker took this worker out: its token is on the way and would end the next park too soon
        }

        if (!found && _scheduler.Idle.TryStartSearching())
        {
            IsSearching = true; // so that it wakes others when it finds more than it can do
        }

        return found;
    }

    // What the worker has used since the last time.
    private void ChargeShare(CpuShare share)
    {
        var used = ThreadCpuClock.Ticks;
        share.Charge(used - _charged, MonotonicClock.Timestamp);
        _charged = used;
    }

    // Runs an item while there is a share.
    private void ExecuteWithin(CpuShare share, QueueEntry entry)
    {
        if (!IsFree(entry))
        {
            Execute(entry);
            return;
        }

        ChargeShare(share);
        Execute(entry);
        _charged = ThreadCpuClock.Ticks;
    }

    private bool TryTakeFree(out QueueEntry entry)
    {
        if (_scheduler.Lanes.CountOf(TaskPriority.Critical) > 0)
        {
            return _scheduler.Lanes.TryTake(
                new SharedLanes.Limits(MonotonicClock.Milliseconds, _scheduler.Settings.StarvationThreshold, long.MaxValue, (int)TaskPriority.Critical), out entry);
        }

        entry = default;
        return false;
    }

    private static bool IsFree(in QueueEntry entry) => entry.Mode == EntryMode.Critical || entry.Item is WorkItem { Priority: TaskPriority.Critical };
}
