namespace Runtime.Core.Timing;

/// <summary>What the wheel holds: the node of its lists is the work item that runs when the time has come.</summary>
/// <remarks>
/// The links are not those of a queue: a periodic timer is in the wheel for its next tick while the
/// work item of its last one still waits in a queue of the scheduler.
/// </remarks>
internal abstract class TimerEntry : WorkItem
{
    // No slot: the entry is not in a wheel.
    internal const int NotInWheel = -1;

    // The shard whose wheel it is in, or was in last, and whose lock guards the fields below. A timer keeps its shard for life;
    // a delay gets one each time it is armed, and nobody else may know the delay then.
    internal TimerShard? Shard;

    // The tick at which the wheel gives it out; its deadline, or earlier when the deadline has been moved to later since. Written by the wheel, under the lock.
    internal long When;

    // The number of the slot the entry is in, or NotInWheel. Written by the wheel, under the lock.
    internal int Slot = NotInWheel;

    // How many ticks later than at its deadline it may fire. Written by its maker, before it is armed.
    internal int Slack;

    // The exact time at which it is due and, with a period, the time between two ticks, in timestamp units; no period: 0. Under the lock.
    internal long DueAt;
    internal long Period;

    // Stands in for the wheel once the service has stopped. Under the lock.
    internal ITimer? SystemTimer;

    // The list of the slot's entries. Written by the wheel, under the lock.
    internal TimerEntry? NextInSlot;
    internal TimerEntry? PreviousInSlot;

    /// <summary>The time has come, on the timer thread: ends what waits for it. Must be quick, and must neither throw nor run users' code.</summary>
    /// <returns><see langword="false"/> for a timer with a callback: it is to be queued.</returns>
    internal virtual bool TryEnd() => false;
}

/// <summary>A place for an entry. An array of these is filled without the check that an array of references needs.</summary>
internal struct TimerPlace
{
    public TimerEntry? Entry;
}
