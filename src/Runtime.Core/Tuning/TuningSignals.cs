namespace Runtime.Core.Tuning;

/// <summary>What the tuner is told by those around the runtime: the web server and the queues. Counters only ever grow.</summary>
internal sealed record TuningSignals
{
    /// <summary>Nobody tells anything.</summary>
    public static TuningSignals None { get; } = new();

    /// <summary>Gets how many requests were answered.</summary>
    public long Requests { get; init; }

    /// <summary>Gets how long they took, all together.</summary>
    public TimeSpan RequestTime { get; init; }

    /// <summary>Gets how many items were refused by the queues that reject.</summary>
    public long Refused { get; init; }

    /// <summary>Gets how full the fullest of them is, from 0 to 1.</summary>
    public double QueueFill { get; init; }

    /// <summary>Gets how long the oldest item in them has waited.</summary>
    public TimeSpan QueueWait { get; init; }
}
