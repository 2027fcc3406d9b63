namespace Runtime.Jobs.PostgreSql;

/// <summary>What a transaction has to tell once it has committed.</summary>
internal sealed class Outbox
{
    public bool Work { get; set; }

    public bool Schedules { get; set; }

    /// <summary>Gets the jobs that are over or parked, and whether another process wants to know.</summary>
    public List<(Guid Id, bool IsAwaited)> Ended { get; } = [];

    /// <summary>Gets the running jobs that somebody wants cancelled.</summary>
    public List<(Guid Id, string? Reason)> Cancellations { get; } = [];
}
