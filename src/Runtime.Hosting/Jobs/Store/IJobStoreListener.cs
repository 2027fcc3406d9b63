namespace Runtime.Hosting.Jobs;

/// <summary>Hears from a store what has happened in it, so that nobody needs to look again and again.</summary>
/// <remarks>Thread safe. Calls return at once and never throw. A signal may come twice, or without cause; one that matters is never left out.</remarks>
public interface IJobStoreListener
{
    /// <summary>There may be jobs to claim, or the next time to look has changed.</summary>
    void WorkArrived();

    /// <summary>Recurring jobs have been written or resumed.</summary>
    void SchedulesChanged();

    /// <summary>A job is over, parked or deleted.</summary>
    /// <param name="id">Its id.</param>
    void JobEnded(Guid id);

    /// <summary>Gets the jobs whose ends this process waits for, so that a store which shares its jobs with other processes can look for ends that it was not told of.</summary>
    IReadOnlyCollection<Guid> Awaited { get; }

    /// <summary>The node has lost the right to its jobs: it was not able to renew it in time, and other nodes may run them by now. What still runs is to be cancelled; its ends will be refused.</summary>
    /// <param name="reason">Why.</param>
    void LeasesLost(string reason);

    /// <summary>Somebody wants a job cancelled that this node runs.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="reason">Why.</param>
    void CancellationRequested(Guid id, string? reason);
}
