using System.Numerics;
using Runtime.Core;

namespace Runtime.Hosting.Queues;

// The way in without the lock. A plain item reserves a place, is put into the intake, and is found there by whoever holds the lock next.
//
// Shared words: those of Intake. Who writes them is said there.
// Invariants
//   Capacity   reserved = items in the intake or on their way to it + items in the structures (_held) + places not yet returned (_unreturned).
//              It never passes the capacity in force, except by items that a dropping full mode cannot see yet.
//   Books      an item is accepted when it is collected. Every member that looks at the books collects first, so that an item whose enqueue
//              has returned is in them.
//   Order      items are collected in the order of their claims, but for those that are still being published, and get their sequence numbers then.
//              Whoever accepts under the lock collects first.
//   Progress   while an item can be taken, a pump will come for it: see Pump. AttendedLevel tells enqueues of which items that is so already.
// Protocol
//   enqueue    claim a place and a slot · publish (fence) · read ServedLevel: if the item may go before what is served, mark the intake urgent.
//                                                         · read AttendedLevel: if the item is more urgent, take the lock and see to a pump.
//   pump       looks at the urgent mark before each claim that it starts without the lock (see Claims); collects when the lanes are empty or the intake is urgent; before it serves a less urgent level it says so, and looks again (fence).
//   any        before the lock is left, AttendedLevel is made true; when it attends to less than before, the intake is looked at again (fence).
// Races: store-then-load on both sides, with a full fence between, so one of the two sees the other (Dekker). A claim whose item is still to
// come is a place taken, no more: the stop waits for it, and nobody else can tell it from an item that is accepted a moment later.
// Rejected: a lock for each enqueue (on two processors it cost producer and pump three times the work, in cache lines that went to and fro);
// increment-then-check for the places (two enqueues could each see the other's and both find a full queue where there is room for one).
internal sealed partial class BackgroundQueue
{
    // See the head of the file. Shared.
    private Intake _intake = Intake.NewClosed();

    // Items in the structures: accepted and not started. Written under the lock; a lingering pump reads it without.
    private int _held;

    // Places of items that have left and that the intake still counts: they are returned many at a time. Under the lock.
    private int _unreturned;

    // How many that may be; a producer that finds no room comes to the lock, where they are returned at once. Written with the settings.
    private int _mostUnreturned;

    // Takes an item in without the lock; false when the lock must decide.
    private bool TryAcceptUnlocked(WorkHandle entry, long now)
    {
        var options = entry.Options;
        var settings = Volatile.Read(ref _settings);
        if (options.UniqueKey is not null || options.ConcurrencyKey is not null || options.Delay > TimeSpan.Zero
            || (options.Deadline is not null && settings.Admission == QueueAdmission.RejectIfLate))
        {
            return false;
        }

        SetOrder(entry, settings, now);
        if (!_intake.TryClaim(settings.Capacity, out var index))
        {
            return false;
        }

        _intake.Publish(index, entry);
        var level = (int)entry.LanePriority;
        var served = _intake.ServedLevel;
        if (level < served || (level == served && (options.Deadline is not null || options.ShareKey is not null)))
        {
            _intake.MarkUrgent();
        }

        if (level < _intake.AttendedLevel)
        {
            Attend(now);
        }

        return true;
    }

    // What the order of an item depends on.
    private void SetOrder(WorkHandle entry, QueueSettings settings, long now)
    {
        entry.ReadyAt = now;
        if (!settings.Priorities)
        {
            entry.LanePriority = TaskPriority.Normal;
            return;
        }

        entry.LanePriority = entry.Options.Priority;
        if (entry.Options.Deadline is { } deadline)
        {
            entry.Extras!.DeadlineTicks = now + Clock.ToTicks(deadline);
        }
    }

    private void Attend(long now)
    {
        var after = default(Afterwork);
        lock (_lock)
        {
            Collect_NeedsLock(now);
            EnsurePump_NeedsLock(now, ref after);
            Leave_NeedsLock(now, ref after);
        }

        after.Run(this);
    }

    /// <summary>Moves what the intake holds into the books and the lanes.</summary>
    /// <returns>Whether there was anything.</returns>
    private bool Collect_NeedsLock(long now)
    {
        if (_intake.IsUrgent)
        {
            Recall_NeedsLock(now); // the mark is cleared now, and the pumps would not see it any more
        }

        if (!_intake.BeginCollect())
        {
            return false;
        }

        var before = _accepted;
        while (_intake.TryCollect(out var item))
        {
            _accepted++;
            item.Sequence = ++_sequence;
            Hold_NeedsLock(item.ReadyAt);
            _lanes.Add(item);
        }

        _intake.EndCollect();
        ReturnPlaces_NeedsLock();
        return _accepted > before;
    }

    private void Hold_NeedsLock(long now)
    {
        if (_held++ == 0)
        {
            _drain.OnBusy(now);
        }
    }

    private void ReturnPlaces_NeedsLock()
    {
        if (_unreturned > 0)
        {
            _intake.Return(_unreturned);
            _unreturned = 0;
        }
    }

    private bool TryReserve_NeedsLock(long now)
    {
        Fold_NeedsLock(now);
        ReturnPlaces_NeedsLock();
        return _intake.TryReserveUnderLock(_settings.Capacity);
    }

    // Whether anything is accepted and not over, or about to be accepted.
    private bool IsLive_NeedsLock => _running > 0 || _intake.Reserved > _unreturned;

    /// <summary>The last step of every change under the lock: makes the level of attendance true again.</summary>
    private void Leave_NeedsLock(long now, ref Afterwork after)
    {
        if (_mustEnsure)
        {
            _mustEnsure = false;
            EnsurePump_NeedsLock(now, ref after);
        }

        if (_intake.SetAttended(AttendedLevel_NeedsLock()) && Collect_NeedsLock(now))
        {
            EnsurePump_NeedsLock(now, ref after);
            _intake.SetAttended(AttendedLevel_NeedsLock());
        }

        AssertInvariants_NeedsLock();
    }

    // An item needs no pump of its own while one lingers, while the pump that ends an item will look (no place is free, or the pace is brisk), and
    // while one as urgent has been dispatched.
    private int AttendedLevel_NeedsLock() => NeedsNoPump_NeedsLock ? 0 : BitOperations.TrailingZeroCount(_dispatchedLevels);

    private bool NeedsNoPump_NeedsLock => _lingering || _running >= _settings.MaxConcurrency || HasEnoughPumps_NeedsLock;
}
