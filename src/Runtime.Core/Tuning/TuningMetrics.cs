namespace Runtime.Core.Tuning;

/// <summary>What a change may be judged by; any number of them.</summary>
[Flags]
public enum TuningMetrics
{
    /// <summary>Nothing has to improve: it is enough that a change does no harm.</summary>
    None = 0,

    /// <summary>Items run in a second, while work waits for busy workers throughout; more is better.</summary>
    Throughput = 1,

    /// <summary>The time that items wait for a worker; less is better.</summary>
    Wait = 2,

    /// <summary>The time that requests of the web server take; less is better.</summary>
    RequestLatency = 4,

    /// <summary>How often workers go to sleep, and so are woken, in a second; less is better.</summary>
    WakeUps = 8,

    /// <summary>How long the oldest item of a queue that rejects has waited; less is better.</summary>
    QueueWait = 16,

    /// <summary>How many things are released in a second by those who retire others; less is better.</summary>
    CleanupHelp = 32,
}
