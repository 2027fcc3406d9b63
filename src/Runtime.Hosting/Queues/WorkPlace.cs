namespace Runtime.Hosting.Queues;

/// <summary>Which structure of its queue holds an item.</summary>
internal enum WorkPlace : byte
{
    /// <summary>None: not accepted yet, or over.</summary>
    None,

    /// <summary>The timer: its delay is not over.</summary>
    Delayed,

    /// <summary>The lanes: it can be taken.</summary>
    Lanes,

    /// <summary>The line of its concurrency key.</summary>
    Blocked,

    /// <summary>A pump has taken it along with the one that it runs, and may have started and ended it since: see <see cref="WorkClaims"/>.</summary>
    Claimed,

    /// <summary>It has started.</summary>
    Running,

    /// <summary>It has started, and the shutdown has given up on it.</summary>
    Abandoned,
}
