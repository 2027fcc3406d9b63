namespace Runtime.Core.Scheduling;

/// <summary>What an idle worker waits in instead of its parker, because things from outside of the process wake it there too.</summary>
/// <remarks>
/// One thread at a time is inside, between <see cref="TryEnter"/> and <see cref="Leave"/>. The scheduler knows nothing of what is waited for: <see cref="Serve"/>
/// queues items. The protocol is in this folder's README, "A worker that waits in the poller".
/// </remarks>
internal interface IIdlePoller
{
    /// <summary>Whether there is anything to wait for. Whoever makes it true fences, and then has <see cref="Scheduler.Notify"/> called.</summary>
    bool IsWanted { get; }

    /// <summary>Whether nobody is inside, and nobody has been for longer than a busy worker takes to come by.</summary>
    bool IsOverdue { get; }

    /// <summary>Goes inside, unless another thread is. A full fence.</summary>
    bool TryEnter();

    /// <summary>Collects what has happened. Inside only.</summary>
    /// <param name="wait">Whether to wait until something has happened, or <see cref="Wake"/> was called since the last wait.</param>
    /// <returns>Whether there is anything for <see cref="Serve"/>.</returns>
    bool Poll(bool wait);

    /// <summary>Queues the work of all that was collected. Inside only.</summary>
    void Serve();

    /// <summary>Goes outside.</summary>
    void Leave();

    /// <summary>Ends the wait of the thread that is inside, or its next one. Anyone.</summary>
    void Wake();
}
