namespace Runtime.Hosting.Jobs.Memory;

/// <summary>A job in memory. All of it belongs to the store's lock.</summary>
internal sealed class StoredJob(NewJob job, long row, DateTimeOffset now)
{
    public NewJob Job { get; } = job;

    public long Row { get; } = row;

    public DateTimeOffset EnqueuedAt { get; } = now;

    public JobState State { get; set; }

    /// <summary>The priority by which it is served: its own, or less when it has waited long.</summary>
    public int Rank { get; set; } = (int)job.Priority;

    public DateTimeOffset RunAt { get; set; }

    public DateTimeOffset DeadlineAt { get; set; }

    /// <summary>Since when it has waited at its present rank.</summary>
    public DateTimeOffset RankedAt { get; set; }

    public DateTimeOffset? StartedAt { get; set; }

    public DateTimeOffset? FinishedAt { get; set; }

    public int Attempt { get; set; }

    public int Crashes { get; set; }

    public long Lease { get; set; }

    public string? Reason { get; set; }

    public string? LastError { get; set; }

    /// <summary>Whether somebody wants the running job cancelled.</summary>
    public bool CancelRequested { get; set; }

    public WorkProgress? Progress { get; set; }

    public ReadOnlyMemory<byte> Result { get; set; }

    /// <summary>How many of its members are not over, when it is a batch.</summary>
    public int MembersLeft { get; set; } = job.Members;

    /// <summary>Whether it counts among the running ones of its concurrency key.</summary>
    public bool HoldsKey { get; set; }

    public bool IsOver => State is JobState.Succeeded or JobState.Failed or JobState.Cancelled;

    public JobInfo ToInfo(string node, bool whole) => Job.Describe(State) with
    {
        Row = Row,
        Attempt = Attempt,
        Crashes = Crashes,
        EnqueuedAt = EnqueuedAt,
        RunAt = RunAt,
        StartedAt = StartedAt,
        FinishedAt = FinishedAt,
        Reason = Reason,
        Node = StartedAt is null ? null : node,
        Progress = Progress,
        MembersLeft = MembersLeft,
        Arguments = whole ? Job.Arguments : default,
        Result = whole ? Result : default,
    };
}

/// <summary>The order in which jobs of a queue are served: rank, then deadline, then age.</summary>
internal sealed class ByUrgency : IComparer<StoredJob>
{
    public static ByUrgency Instance { get; } = new();

    public int Compare(StoredJob? x, StoredJob? y)
    {
        var byRank = x!.Rank.CompareTo(y!.Rank);
        if (byRank != 0)
        {
            return byRank;
        }

        var byDeadline = x.DeadlineAt.CompareTo(y.DeadlineAt);
        return byDeadline != 0 ? byDeadline : x.Row.CompareTo(y.Row);
    }
}

/// <summary>The order in which scheduled jobs are due.</summary>
internal sealed class ByDueTime : IComparer<StoredJob>
{
    public static ByDueTime Instance { get; } = new();

    public int Compare(StoredJob? x, StoredJob? y)
    {
        var byTime = x!.RunAt.CompareTo(y!.RunAt);
        return byTime != 0 ? byTime : x.Row.CompareTo(y.Row);
    }
}
