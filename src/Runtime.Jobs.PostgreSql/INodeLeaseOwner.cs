namespace Runtime.Jobs.PostgreSql;

/// <summary>What a node does about its own end and that of others.</summary>
internal interface INodeLeaseOwner
{
    /// <summary>Gets whether this process waits for ends of jobs that nobody can tell it of.</summary>
    bool IsWatching { get; }

    /// <summary>Looks for the ends of awaited jobs that nobody told of.</summary>
    Task LookForEndsAsync(CancellationToken cancellationToken);

    /// <summary>Looks whether the kinds of jobs that are left to others are still known to any.</summary>
    Task LookForNamesAsync(CancellationToken cancellationToken);

    /// <summary>The right to all jobs of this node is lost.</summary>
    void LeasesLost(string reason);

    /// <summary>Somebody wants these jobs of this node cancelled.</summary>
    Task CancelAsync(Guid[] jobs, CancellationToken cancellationToken);

    /// <summary>A node is dead: its jobs go to others.</summary>
    Task TakeOverAsync(long node, CancellationToken cancellationToken);
}
