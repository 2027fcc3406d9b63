namespace Runtime.Core.Timing;

/// <summary>What the wheel holds: the node of its lists is the work item that runs when the time has come.</summary>
/// <remarks>
/// The links are not those of <see cref="WorkItem"/>: a periodic timer is in the wheel for its next tick while the
/// work item of its last one still waits in a queue of the scheduler.
/// </remarks>
internal abstract class TimerEntry : WorkItem
{
    // No slot: the entry is not in a wheel.
    internal const int NotInWheel = -1;

    // The tick at which the entry is due. Written by the wheel, under the lock of whoever owns the wheel.
    internal long When;

    // The number of the slot the entry is in, or NotInWheel. Written by the wheel, under the same lock.
    internal int Slot = NotInWheel;

    // The exact time at which it is due and, with a period, the time between two ticks, in timestamp units; no period: 0. Guarded by the service's lock.
    internal long DueAt;
    internal long Period;

    // Stands in for the wheel once the service has stopped. Guarded by the service's lock.
    internal ITimer? SystemTimer;

    // The ring of the slot's entries. Written by the wheel, under the same lock.
    internal TimerEntry? NextInSlot;
    internal TimerEntry? PreviousInSlot;

    /// <summary>The time has come. On the timer thread, so it must be quick, and it must neither throw nor run users' code.</summary>
    internal virtual void OnDue(Action<WorkItem> sink) => sink(this);
}
