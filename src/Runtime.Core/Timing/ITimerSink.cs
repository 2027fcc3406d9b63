namespace Runtime.Core.Timing;

/// <summary>Where timers go that are due, and what the timers have to know of the threads that arm them. Whoever composes the runtime gives it.</summary>
internal interface ITimerSink
{
    /// <summary>
    /// Gets whether the caller is a thread that may lose its processor for long because others go first: a background thread of the runtime.
    /// Such threads share no lock with the others.
    /// </summary>
    bool IsBackgroundThread { get; }

    /// <summary>
    /// Queues a timer for execution: its <see cref="WorkItem.Run"/> is to be called once, soon, on a thread that may run users' code. Called on the
    /// caller's thread, for a timer that is due at once; must be quick, and must neither refuse, nor throw, nor execute the item itself.
    /// </summary>
    void Queue(WorkItem item);

    /// <summary>As <see cref="Queue"/>, on the timer thread, for timers that are due together. At least one; what is behind the span is the caller's.</summary>
    void QueueMany(ReadOnlySpan<TimerPlace> timers);
}
