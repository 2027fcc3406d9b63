namespace Runtime.Core.Tuning;

/// <summary>What a runtime did between two samples.</summary>
public sealed record TuningSample
{
    /// <summary>Gets the time since the sample before.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>Gets how many workers there are now.</summary>
    public required int WorkerThreads { get; init; }

    /// <summary>Gets whether work stealing is on.</summary>
    public required bool WorkStealing { get; init; }

    /// <summary>Gets the share of the time that workers were not parked, from 0 to 1, over all workers. A worker that blocks in user code counts as busy.</summary>
    public required double Utilization { get; init; }

    /// <summary>Gets how many items were run.</summary>
    public required long Executed { get; init; }

    /// <summary>Gets how many items wait now.</summary>
    public required long Waiting { get; init; }

    /// <summary>Gets the mean time that the sampled items waited for a worker; of the longest waiting one when none was sampled.</summary>
    public required TimeSpan AverageWait { get; init; }

    /// <summary>Gets how often workers tried to steal.</summary>
    public required long StealAttempts { get; init; }

    /// <summary>Gets how often they succeeded.</summary>
    public required long Steals { get; init; }

    /// <summary>Gets the items run in a second.</summary>
    public double Throughput => Elapsed > TimeSpan.Zero ? Executed / Elapsed.TotalSeconds : 0;

    /// <summary>Gets whether there was nothing to do and is nothing to do.</summary>
    public bool IsIdle => Executed == 0 && Waiting == 0;
}
