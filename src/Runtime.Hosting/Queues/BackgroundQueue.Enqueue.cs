using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Runtime.Core;
using Runtime.Core.Lifecycle;

namespace Runtime.Hosting.Queues;

// The way in for what the intake cannot take: one decision under the lock, then its consequences outside.
internal sealed partial class BackgroundQueue
{
    /// <summary>Queues an item, waiting for room if that is the full mode.</summary>
    private ValueTask<WorkHandle> EnqueueAsync(WorkHandle entry, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<WorkHandle>(cancellationToken);
        }

        Prepare(entry);
        var now = Clock.Now;
        return TryAcceptUnlocked(entry, now) ? new ValueTask<WorkHandle>(entry) : EnqueueUnderLockAsync(entry, now, cancellationToken);
    }

    private ValueTask<WorkHandle> EnqueueUnderLockAsync(WorkHandle entry, long now, CancellationToken cancellationToken)
    {
        EnqueueWaiter? waiter = null;
        var after = default(Afterwork);
        Admission admission;
        WorkHandle? existing;
        lock (_lock)
        {
            admission = Admit_NeedsLock(entry, hasPlace: false, now, ref after, out existing);
            if (admission == Admission.Full)
            {
                if (_settings.FullMode == QueueFullMode.Wait)
                {
                    waiter = AddWaiter_NeedsLock(entry);
                    Recall_NeedsLock(now); // from here on each start is under the lock, and lets one in
                    AdmitWaiters_NeedsLock(now, ref after);
                }
                else
                {
                    _rejected++;
                }
            }

            Leave_NeedsLock(now, ref after);
        }

        after.Run(this);
        if (waiter is not null)
        {
            return WaitForRoomAsync(waiter, cancellationToken);
        }

        switch (admission)
        {
            case Admission.Accepted:
                AfterAccepted(entry);
                return new ValueTask<WorkHandle>(entry);
            case Admission.Existing:
                return new ValueTask<WorkHandle>(existing!);
            default:
                return ValueTask.FromException<WorkHandle>(Refusal(admission, entry, existing));
        }
    }

    /// <summary>Queues an item if that is possible without waiting.</summary>
    /// <exception cref="InvalidOperationException">The unique key is taken by an item with another type of result.</exception>
    private bool TryEnqueue(WorkHandle entry, [NotNullWhen(true)] out WorkHandle? handle)
    {
        Prepare(entry);
        var now = Clock.Now;
        if (TryAcceptUnlocked(entry, now))
        {
            handle = entry;
            return true;
        }

        var after = default(Afterwork);
        Admission admission;
        WorkHandle? existing;
        lock (_lock)
        {
            admission = Admit_NeedsLock(entry, hasPlace: false, now, ref after, out existing);
            if (admission == Admission.Full)
            {
                _rejected++;
            }

            Leave_NeedsLock(now, ref after);
        }

        after.Run(this);
        handle = null;
        switch (admission)
        {
            case Admission.Accepted:
                AfterAccepted(entry);
                handle = entry;
                break;
            case Admission.Existing:
                handle = existing!;
                break;
            case Admission.Mismatch:
                throw Refusal(admission, entry, existing);
        }

        return handle is not null;
    }

    // Everything about the new item that needs no lock.
    private static void Prepare(WorkHandle entry)
    {
        var options = entry.Options;
        if (!ReferenceEquals(options, EnqueueOptions.Default))
        {
            EnqueueRules.Check(options);
            if (options.ConcurrencyKey is not null || options.UniqueKey is not null || options.Timeout is not null || options.Delay > TimeSpan.Zero || options.Deadline is not null || options.ShareKey is not null)
            {
                entry.EnsureExtras();
            }
        }

        // The trace context is all that the work inherits from its enqueuer: the ExecutionContext stays behind.
        if (Activity.Current is { } activity)
        {
            entry.EnsureExtras().Parent = activity.Context;
        }
    }

    private Admission Admit_NeedsLock(WorkHandle entry, bool hasPlace, long now, ref Afterwork after, out WorkHandle? existing)
    {
        existing = null;
        if (_state != RuntimeState.Running)
        {
            return Admission.Refused;
        }

        _mustEnsure |= Collect_NeedsLock(now); // what was pushed before goes before
        if (entry.Options.UniqueKey is { } unique && _unique.TryGetValue(unique, out existing))
        {
            return entry.CanReturn(existing) ? Admission.Existing : Admission.Mismatch;
        }

        if (IsLate_NeedsLock(entry, now))
        {
            return Admission.Late;
        }

        if (!hasPlace && !TryReserve_NeedsLock(now) && !MakeRoom_NeedsLock(entry, now, ref after, out var dropped))
        {
            return dropped ? Admission.Accepted : Admission.Full;
        }

        Accept_NeedsLock(entry, now);
        if (entry.Place == WorkPlace.Lanes)
        {
            RequestPump_NeedsLock(entry, ref after);
        }

        return Admission.Accepted;
    }

    // The item becomes part of the books and of one structure.
    private void Accept_NeedsLock(WorkHandle entry, long now)
    {
        Register_NeedsLock(entry, now);
        var options = entry.Options;
        Hold_NeedsLock(now);
        if (entry.Extras is { } extras)
        {
            if (options.UniqueKey is { } unique)
            {
                _unique.Add(unique, entry);
            }

            if (options.ConcurrencyKey is { } key)
            {
                extras.Key = _keys.Attach(key, options.ConcurrencyLimit);
            }

            if (options.Delay is { } delay && delay > TimeSpan.Zero)
            {
                extras.DelayTicks = Clock.ToTicks(delay);
                entry.ReadyAt = now + extras.DelayTicks;
                _delayed.Add(entry);
                return;
            }
        }

        AddToLanes_NeedsLock(entry, now);
    }

    private void Register_NeedsLock(WorkHandle entry, long now)
    {
        _accepted++;
        entry.Sequence = ++_sequence;
        SetOrder(entry, _settings, now);
    }

    private void AddToLanes_NeedsLock(WorkHandle entry, long now)
    {
        if (entry.Extras?.Key is { } key)
        {
            key.InLanes++;
        }

        RecallBehind_NeedsLock(entry, now);
        _lanes.Add(entry);
    }

    /// <summary>What an accepted item needs once the lock is free.</summary>
    private void AfterAccepted(WorkHandle entry)
    {
        if (entry.IsDelayed)
        {
            StartDelay(entry);
        }
    }

    private InvalidOperationException Refusal(Admission admission, WorkHandle entry, WorkHandle? existing) => admission switch
    {
        Admission.Full => new QueueFullException(Name, Capacity, EstimateRetryAfter()),
        Admission.Late => LateRefusal(entry),
        Admission.Mismatch => new InvalidOperationException(
            $"The live item with the {nameof(EnqueueOptions.UniqueKey)} '{Printable.Text(entry.Options.UniqueKey)}' in the queue '{Name}' has {existing!.ResultDescription}, "
            + $"and this enqueue asks for {entry.ResultDescription}. Use one type of result for one key, or another key."),
        _ => new RuntimeNotRunningException(State),
    };
}
