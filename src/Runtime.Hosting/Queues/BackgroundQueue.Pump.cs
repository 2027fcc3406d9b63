using Runtime.Core.Concurrency;
using Runtime.Core.Scheduling;

namespace Runtime.Hosting.Queues;

// The way through: pumps take items from the lanes and start them.
//
// Invariant, whenever the lock is free: while an item can be taken (the lanes are not empty, a concurrency place is free), a pump has been
// dispatched and has not started. So there is always one pump more under way than there are running: a worker that becomes free finds it,
// and when every running pump blocks in user code, the next worker still does. A pump that starts and leaves work behind passes the
// duty on before it runs any user code. The exception is a brisk pace; see Pace.
// A dispatched pump counts at its level: a more urgent item than all of them gets a pump of its own, so that in the
// runtime it is not held up by what goes between.
//
// A pump that has emptied the lanes lingers for a microsecond or two before it ends, if no other does. It counts as on its way: it holds no user
// code and looks again under the lock. So a producer that is about as fast as the pump does not pay for a dispatch, and perhaps for
// the wake-up of another worker, with every item.
internal sealed partial class BackgroundQueue
{
    // After so many items, or so long, a pump goes to the back of the runtime's queue: other queues, continuations and urgent work get their turn.
    private const int ItemsPerTurn = 128;
    private static readonly TimeSpan TimePerTurn = TimeSpan.FromMilliseconds(1);

    // A take that meets so many items of saturated keys gives the lock free before it goes on.
    private const int MaxBlockedPerTake = 64;

    // All pumps there are, for a look at what is running; and those that are idle. No more than MaxConcurrency plus one for each level.
    private readonly List<QueuePump> _pumps = [];
    private readonly Stack<QueuePump> _idlePumps = new();

    // How often a lingering pump looks, with a pause of so many rounds between; about two microseconds in all.
    private const int LingerLooks = 32;
    private const int LingerPause = 8;

    // Whether a pump lingers. Under the lock.
    private bool _lingering;

    // How many dispatched pumps have not started, by level; and the levels with any, as bits.
    private readonly int[] _dispatched = new int[LaneSet.Levels];
    private uint _dispatchedLevels;

    /// <summary>Hands a pump to the runtime, behind all that waits there: a queue with a backlog takes turns with everybody else. Outside the lock.</summary>
    internal void Dispatch(QueuePump pump) => _services.Runtime.DispatchToBack(pump, pump.Wake);

    /// <summary>Runs on a worker, which has made the ExecutionContext clean.</summary>
    internal void RunPump(QueuePump pump)
    {
        var outer = SynchronizationContext.Current;
        var clean = ExecutionContext.Capture()!;
        var now = Clock.Now;
        var turnOver = now + Clock.ToTicks(TimePerTurn);
        var entry = BeginTurn(pump, now);
        var milliseconds = MonotonicClock.Milliseconds;
        var items = 0;
        while (entry is not null)
        {
            // The item may have come after the reading, while this pump waited for the lock.
            now = Math.Max(now, entry.ReadyAt);

            // Nothing in here throws: Run catches what user code, log sinks and metric listeners throw.
            entry.StartedTicks = now;
            entry.Stage = WorkStatus.Running;
            var timed = IsTimed(entry);
            var succeeded = Run(pump, entry, timed);
            if (ExecutionContext.Capture() != clean)
            {
                ExecutionContext.Restore(clean); // no AsyncLocal, no Activity of this item reaches the next
            }

            var started = now;
            now = pump.Claims.Remaining > 0 && !timed ? NextTime(now, ref milliseconds, ref items) : Clock.Now; // the end of this item is the start of the next
            if (succeeded && timed)
            {
                _reporter.Ran(entry, now - started);
            }

            if (succeeded && entry.Extras is not null)
            {
                ReportLateness(entry, now);
            }

            var turnIsOver = now >= turnOver;
            if (succeeded && !turnIsOver && Advance(pump, entry, now) is { } next)
            {
                entry = next;
                continue;
            }

            entry = EndAndTake(pump, entry, succeeded, now, turnIsOver, out var lingers);
            if (lingers)
            {
                entry = Linger(pump, out now);
            }
        }

        pump.ForgetItem();

        SynchronizationContext.SetSynchronizationContext(outer);
    }

    private WorkHandle? BeginTurn(QueuePump pump, long now)
    {
        var after = default(Afterwork);
        WorkHandle? entry;
        lock (_lock)
        {
            if (--_dispatched[pump.Level] == 0)
            {
                _dispatchedLevels &= ~(1u << pump.Level);
            }

            pump.TurnBegan = now;
            pump.TurnTakes = pump.Takes;
            Collect_NeedsLock(now); // at least once a turn, so that it is never long
            entry = HasEnoughPumps_NeedsLock ? null : Take_NeedsLock(pump, now, ref after);
            if (entry is null)
            {
                _idlePumps.Push(pump);
            }

            EnsurePump_NeedsLock(now, ref after);
            Leave_NeedsLock(now, ref after);
            WatchIfBrisk_NeedsLock(now);
        }

        after.Run(this);
        return entry;
    }

    // Ends the item that has run, if it has ended, and takes the next, in one go.
    private WorkHandle? EndAndTake(QueuePump pump, WorkHandle entry, bool succeeded, long now, bool turnOver, out bool lingers)
    {
        var after = default(Afterwork);
        WorkHandle? next = null;
        lingers = false;
        lock (_lock)
        {
            EndCurrent_NeedsLock(pump, entry, succeeded, now, ref after);
            JudgeProducers_NeedsLock();
            turnOver |= pump.ItemsOfTurn >= ItemsPerTurn;
            if (!turnOver)
            {
                next = Take_NeedsLock(pump, now, ref after);
            }

            if (next is null)
            {
                lingers = EndTurn_NeedsLock(pump, now, turnOver);
                after.HasFreeWorker = !lingers;
            }

            // While this pump goes on, only what the key of the ended item has released may lack one, and a backlog that has grown.
            if (next is null || entry.Extras is not null || _brisk)
            {
                EnsurePump_NeedsLock(now, ref after);
            }

            Leave_NeedsLock(now, ref after);
            WatchIfBrisk_NeedsLock(now);
        }

        if (succeeded)
        {
            Interlocked.MemoryBarrier(); // pairs with the exchange in EnsureCompletion
            TellEnded(entry);
        }

        after.Run(this);
        return next;
    }

    // The pump's item has ended, or has awaited; it may have ended on another worker since.
    private void EndCurrent_NeedsLock(QueuePump pump, WorkHandle entry, bool succeeded, long now, ref Afterwork after)
    {
        Fold_NeedsLock(pump, now);
        Adopt(pump, entry);
        if (succeeded)
        {
            EndStarted_NeedsLock(entry, WorkStatus.Succeeded, now, ref after);
            pump.TakeBack(entry);
        }
        else
        {
            pump.Source = null; // the item's own from here on
            if (entry.Place == WorkPlace.Running)
            {
                AddAwaiting_NeedsLock(entry);
            }
        }

        pump.Claims.OnBooked();
        EndClaims_NeedsLock(pump);
        _activePumps--;
    }

    private void EndClaims_NeedsLock(QueuePump pump)
    {
        if (pump.Claims.Remaining == 0)
        {
            pump.Claims.Clear();
            if (pump.IsClaimer)
            {
                pump.IsClaimer = false;
                _claimers.Remove(pump);
            }
        }
    }

    private bool EndTurn_NeedsLock(QueuePump pump, long now, bool turnOver)
    {
        Recall_NeedsLock(pump, now);
        EndClaims_NeedsLock(pump);
        ReturnPlaces_NeedsLock();
        JudgePace_NeedsLock(pump, now);
        if (!turnOver && !_lingering && _lanes.Count == 0 && _running < _settings.MaxConcurrency)
        {
            _lingering = true;
            return true;
        }

        _idlePumps.Push(pump);
        return false;
    }

    // The end of a pump that has found nothing more: looks again for a moment, then for the last time under the lock.
    private WorkHandle? Linger(QueuePump pump, out long now)
    {
        var held = Volatile.Read(ref _held);
        for (var look = 0; look < LingerLooks && _intake.IsEmpty && Volatile.Read(ref _held) == held; look++)
        {
            Thread.SpinWait(LingerPause);
        }

        now = Clock.Now;
        var after = default(Afterwork);
        WorkHandle? entry;
        lock (_lock)
        {
            _lingering = false;
            entry = Take_NeedsLock(pump, now, ref after);
            if (entry is null)
            {
                _idlePumps.Push(pump);
                _brisk &= _isPaceHeld; // what comes after a pause may be anything
                _isFilling = false;
            }

            EnsurePump_NeedsLock(now, ref after);
            Leave_NeedsLock(now, ref after);
        }

        after.Run(this);
        return entry;
    }

    private WorkHandle? Take_NeedsLock(QueuePump pump, long now, ref Afterwork after)
    {
        if (_running >= _settings.MaxConcurrency)
        {
            return null;
        }

        if (_lanes.Count == 0 || _intake.IsUrgent)
        {
            Collect_NeedsLock(now);
        }

        if (pump.Claims.Remaining > 0)
        {
            return Start_NeedsLock(pump, pump.Claims.Advance(), now, ref after);
        }

        for (var blocked = 0; blocked < MaxBlockedPerTake; blocked++)
        {
            if (!_lanes.TryPeek(now, _settings.StarvationTicks, out var best, LanesOf(pump)) || IsForAFreePump(pump, best))
            {
                return null;
            }

            if (best.Level < _intake.ServedLevel)
            {
                Recall_NeedsLock(now); // no claim is less urgent than what is served
            }

            if (_intake.SetServed(best.Level) && Collect_NeedsLock(now))
            {
                continue; // something may go before it
            }

            var entry = best.Item;
            var boosted = _lanes.IsAheadOfItsLane(entry);
            if (entry.Extras?.Key is not { IsSaturated: true })
            {
                _lanes.OnTurn(entry);
            }

            _lanes.Remove(entry);
            if (entry.Extras?.Key is { } key && !TryEnterKey_NeedsLock(key, entry))
            {
                continue;
            }

            if (boosted)
            {
                _boosts++;
            }

            pump.Claims.Begin(entry);
            if (!boosted)
            {
                ClaimMore_NeedsLock(pump, entry, best.Level, now);
            }

            return Start_NeedsLock(pump, entry, now, ref after);
        }

        return null; // the caller's EnsurePump comes back for the rest
    }

    private WorkHandle Start_NeedsLock(QueuePump pump, WorkHandle entry, long now, ref Afterwork after)
    {
        OnLeftQueue_NeedsLock(1, now);
        entry.Place = WorkPlace.Running;
        pump.Source ??= new CancellationTokenSource();
        pump.Takes++;
        _running++;
        _activePumps++;
        AdmitWaiters_NeedsLock(now, ref after);
        return entry;
    }

    /// <summary>Dispatches a pump for a new item in the lanes, unless one that is as urgent is on its way.</summary>
    private void RequestPump_NeedsLock(WorkHandle entry, ref Afterwork after)
    {
        var level = (int)entry.LanePriority;
        if (level < AttendedLevel_NeedsLock())
        {
            AddPump_NeedsLock(level, entry.DeadlineTicks, ref after);
        }
    }

    /// <summary>Dispatches a pump if there is something to take and none as urgent is on its way.</summary>
    private void EnsurePump_NeedsLock(long now, ref Afterwork after)
    {
        if (HasCpuShare)
        {
            EnsureBothKinds_NeedsLock(now, ref after);
            return;
        }

        var attended = AttendedLevel_NeedsLock();
        if (attended == 0)
        {
            return;
        }

        if (_lanes.Count == 0)
        {
            Collect_NeedsLock(now);
        }

        if (_lanes.TryPeek(now, _settings.StarvationTicks, out var best) && best.Level < attended)
        {
            AddPump_NeedsLock(best.Level, best.Item.DeadlineTicks, ref after);
        }
    }

    private void AddPump_NeedsLock(int level, long deadlineTicks, ref Afterwork after)
    {
        if (!_idlePumps.TryPop(out var pump))
        {
            pump = new QueuePump(this);
            _pumps.Add(pump);
        }

        pump.Level = level;
        pump.Priority = (Core.TaskPriority)level;
        pump.DeadlineTicks = deadlineTicks;

        // The runtime judges by what its items took of late; a pump with a backlog takes longer. A worker that is about to look for work takes it itself.
        pump.Wake = after.TakeFreeWorker() ? WakeHint.CallerIsFree
            : _lanes.Count + _intake.Pushed >= BacklogPerPump ? WakeHint.Always
            : WakeHint.IfWorthIt;
        _dispatched[level]++;
        _dispatchedLevels |= 1u << level;
        after.AddPump(pump);
    }
}
