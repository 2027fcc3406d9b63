namespace Runtime.Hosting.Queues;

// The waiting line of full mode Wait: first come, first served. Nobody waits while there is room.
internal sealed partial class BackgroundQueue
{
    // The line and its length.
    private EnqueueWaiter? _firstWaiter;
    private EnqueueWaiter? _lastWaiter;
    private int _waiters;

    private static async ValueTask<WorkHandle> WaitForRoomAsync(EnqueueWaiter waiter, CancellationToken cancellationToken)
    {
        var registration = cancellationToken.UnsafeRegister(
            static (state, token) => ((EnqueueWaiter)state!).Entry.Queue.CancelWaiter((EnqueueWaiter)state, token), waiter);
        try
        {
            return await waiter.Task;
        }
        finally
        {
            await registration.DisposeAsync(); // waits for a callback that is running, so none outlives the call
        }
    }

    private EnqueueWaiter AddWaiter_NeedsLock(WorkHandle entry)
    {
        var waiter = new EnqueueWaiter(entry) { IsWaiting = true, Previous = _lastWaiter };
        if (_lastWaiter is null)
        {
            _firstWaiter = waiter;
        }
        else
        {
            _lastWaiter.Next = waiter;
        }

        _lastWaiter = waiter;
        if (_waiters++ == 0)
        {
            _intake.SetContested(true); // nobody overtakes the line
        }

        return waiter;
    }

    private void CancelWaiter(EnqueueWaiter waiter, CancellationToken token)
    {
        lock (_lock)
        {
            if (!waiter.IsWaiting)
            {
                return; // admitted or refused already: that answer counts
            }

            RemoveWaiter_NeedsLock(waiter);
        }

        waiter.Cancel(token);
    }

    private void RemoveWaiter_NeedsLock(EnqueueWaiter waiter)
    {
        if (waiter.Previous is null)
        {
            _firstWaiter = waiter.Next;
        }
        else
        {
            waiter.Previous.Next = waiter.Next;
        }

        if (waiter.Next is null)
        {
            _lastWaiter = waiter.Previous;
        }
        else
        {
            waiter.Next.Previous = waiter.Previous;
        }

        waiter.IsWaiting = false;
        waiter.Next = null;
        waiter.Previous = null;
        if (--_waiters == 0)
        {
            _intake.SetContested(false);
        }
    }

    /// <summary>Admits those who wait, while there is room. Called wherever an item leaves the queue or the capacity grows.</summary>
    private void AdmitWaiters_NeedsLock(long now, ref Afterwork after)
    {
        if (_firstWaiter is null)
        {
            return;
        }

        Fold_NeedsLock(now);
        ReturnPlaces_NeedsLock();
        while (_firstWaiter is { } waiter && _intake.TryReserveUnderLock(_settings.Capacity))
        {
            // It has its place before it leaves the line: after the last one has left, any enqueue may take the next.
            RemoveWaiter_NeedsLock(waiter);
            waiter.Admission = Admit_NeedsLock(waiter.Entry, hasPlace: true, now, ref after, out waiter.Existing);
            if (waiter.Admission != Admission.Accepted)
            {
                _intake.Return(1);
            }

            after.AddReleased(waiter);
        }
    }

    private void RefuseWaiters_NeedsLock(ref Afterwork after)
    {
        while (_firstWaiter is { } waiter)
        {
            RemoveWaiter_NeedsLock(waiter);
            waiter.Admission = Admission.Refused;
            after.AddReleased(waiter);
        }
    }

    /// <summary>Gives a waiter that has left the line its answer.</summary>
    internal void AfterReleased(EnqueueWaiter waiter)
    {
        switch (waiter.Admission)
        {
            case Admission.Accepted:
                AfterAccepted(waiter.Entry);
                waiter.Complete(waiter.Entry);
                break;
            case Admission.Existing:
                waiter.Complete(waiter.Existing!); // an item with its unique key was accepted while it waited
                break;
            default:
                waiter.Refuse(Refusal(waiter.Admission, waiter.Entry, waiter.Existing));
                break;
        }
    }
}
