namespace Runtime.Core.Tuning;

/// <summary>What a runtime did in a stretch of time.</summary>
public sealed record TuningSample
{
    /// <summary>Gets how long that was.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>Gets how many workers there are now.</summary>
    public required int WorkerThreads { get; init; }

    /// <summary>Gets whether work stealing is on.</summary>
    public required bool WorkStealing { get; init; }

    /// <summary>Gets the share of the time that workers were not parked, from 0 to 1, over all workers. A worker that blocks in user code counts as busy.</summary>
    public required double Utilization { get; init; }

    /// <summary>Gets how many items were run.</summary>
    public required long Executed { get; init; }

    /// <summary>Gets how many items wait or run now.</summary>
    public required long Waiting { get; init; }

    /// <summary>Gets the mean time that the sampled items waited for a worker; of the longest waiting one when none was sampled.</summary>
    public required TimeSpan AverageWait { get; init; }

    /// <summary>Gets how often workers tried to steal.</summary>
    public required long StealAttempts { get; init; }

    /// <summary>Gets how often they succeeded.</summary>
    public required long Steals { get; init; }

    /// <summary>Gets how many items became ready to run: what was offered.</summary>
    public long Arrived { get; init; }

    /// <summary>Gets in which share of the time all workers were busy and work waited, from 0 to 1. At 1, throughput is all that the workers can do; at 0, all that there was to do.</summary>
    public double Saturation { get; init; }

    /// <summary>Gets how often workers went to sleep for want of work.</summary>
    public long WakeUps { get; init; }

    /// <summary>Gets how many requests the web server has answered; 0 where nobody looks at them.</summary>
    public long Requests { get; init; }

    /// <summary>Gets the mean time that these requests took.</summary>
    public TimeSpan RequestLatency { get; init; }

    /// <summary>Gets how full the fullest of the queues is that reject what does not fit, from 0 to 1.</summary>
    public double QueueFill { get; init; }

    /// <summary>Gets how long the oldest item of these queues has waited.</summary>
    public TimeSpan QueueWait { get; init; }

    /// <summary>Gets how many items these queues have refused.</summary>
    public long Refused { get; init; }

    /// <summary>Gets how many things were released by those who retired others.</summary>
    public long CleanupHelped { get; init; }

    /// <summary>Gets how full of retired things the cleanup is, from 0 to 1.</summary>
    public double CleanupFill { get; init; }

    /// <summary>Gets how many slices the cleaning took.</summary>
    public long CleanupSlices { get; init; }

    /// <summary>Gets the knobs: their value and what is configured.</summary>
    public IReadOnlyDictionary<TuningKnob, (int Value, int Configured)> Knobs { get; init; } = NoKnobs;

    /// <summary>Gets the items run in a second.</summary>
    public double Throughput => PerSecond(Executed);

    /// <summary>Gets whether there was nothing to do and is nothing to do.</summary>
    public bool IsIdle => Executed == 0 && Waiting == 0;

    private static IReadOnlyDictionary<TuningKnob, (int Value, int Configured)> NoKnobs { get; } = new Dictionary<TuningKnob, (int Value, int Configured)>();

    /// <summary>A count of this sample as a rate.</summary>
    internal double PerSecond(long count) => Elapsed > TimeSpan.Zero ? count / Elapsed.TotalSeconds : 0;

    /// <summary>One sample of all the time of several; levels are those of the last.</summary>
    /// <param name="parts">One or more, oldest first.</param>
    internal static TuningSample Merge(IReadOnlyList<TuningSample> parts)
    {
        var elapsed = parts.Aggregate(TimeSpan.Zero, static (sum, part) => sum + part.Elapsed);
        var executed = parts.Sum(static part => part.Executed);
        var requests = parts.Sum(static part => part.Requests);
        return parts[^1] with
        {
            Elapsed = elapsed,
            Utilization = Mean(static part => part.Utilization),
            Saturation = Mean(static part => part.Saturation),
            Executed = executed,
            Arrived = parts.Sum(static part => part.Arrived),
            AverageWait = executed == 0 ? parts[^1].AverageWait : parts.Aggregate(TimeSpan.Zero, (sum, part) => sum + (part.AverageWait * ((double)part.Executed / executed))),
            StealAttempts = parts.Sum(static part => part.StealAttempts),
            Steals = parts.Sum(static part => part.Steals),
            WakeUps = parts.Sum(static part => part.WakeUps),
            Requests = requests,
            RequestLatency = requests == 0 ? TimeSpan.Zero : parts.Aggregate(TimeSpan.Zero, (sum, part) => sum + (part.RequestLatency * ((double)part.Requests / requests))),
            Refused = parts.Sum(static part => part.Refused),
            CleanupHelped = parts.Sum(static part => part.CleanupHelped),
            CleanupSlices = parts.Sum(static part => part.CleanupSlices),
        };

        double Mean(Func<TuningSample, double> of) => elapsed > TimeSpan.Zero ? parts.Sum(part => of(part) * (part.Elapsed / elapsed)) : parts.Average(of);
    }
}
