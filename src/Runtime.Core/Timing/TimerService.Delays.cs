namespace Runtime.Core.Timing;

// Entries that fire once and then serve another wait: delays. They have no callback, so there is none to keep apart from a dispose.
internal sealed partial class TimerService
{
    /// <summary>Arms an entry that is in no wheel. It is due once, through <see cref="TimerEntry.OnDue"/>, or while the service does not run through its <see cref="WorkItem.Run"/>.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="dueTime">The time until then; more than zero, and not infinite.</param>
    internal void Arm(TimerEntry entry, TimeSpan dueTime)
    {
        bool isEarlier;
        lock (_lock)
        {
            entry.DueAt = _clock.GetTimestamp() + _clock.Units(dueTime);
            if (_phase != Phase.Running)
            {
                SystemTimers.Arm(entry, dueTime, TimeSpan.Zero);
                return;
            }

            Insert(entry);
            isEarlier = entry.When < _wakeAt;
        }

        if (isEarlier)
        {
            _parker.Unpark(); // as in Change
        }
    }

    /// <summary>A timer of the system counts from its last tick, so it may fire some milliseconds early: arms it again for the rest.</summary>
    /// <returns>Whether there was a rest.</returns>
    internal bool TryArmForRest(TimerEntry entry)
    {
        lock (_lock)
        {
            var rest = _clock.Time(entry.DueAt - _clock.GetTimestamp());
            if (rest == TimeSpan.Zero)
            {
                return false;
            }

            SystemTimers.Arm(entry, rest, TimeSpan.Zero);
            return true;
        }
    }

    /// <summary>Takes an entry out that need not fire any more. It may be about to fire all the same.</summary>
    internal void Withdraw(TimerEntry entry)
    {
        lock (_lock)
        {
            Disarm(entry);
            entry.SystemTimer?.Dispose();
        }
    }
}
