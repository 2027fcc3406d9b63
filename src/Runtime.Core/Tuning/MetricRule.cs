namespace Runtime.Core.Tuning;

/// <summary>How a metric moved.</summary>
internal enum Effect
{
    /// <summary>The noise hides it.</summary>
    Unclear,
    Better,
    Same,
    Worse,
}

/// <summary>How a metric is read from a sample, and what counts as an effect on it.</summary>
/// <param name="Metric">Which metric.</param>
/// <param name="Read">Reads it; <see langword="null"/> where the sample says nothing about it.</param>
/// <param name="MoreIsBetter">Which way is good.</param>
/// <param name="Share">The least effect, as a share of the value before.</param>
/// <param name="Least">The least effect, in the metric's unit.</param>
internal sealed record MetricRule(TuningMetrics Metric, Func<TuningSample, double?> Read, bool MoreIsBetter, double Share, double Least)
{
    // Errors that a difference must exceed. A gain is looked for anew with every part, so it takes more than one look would;
    // harm takes less, since an undo costs little.
    private const double ErrorsToGain = 3;
    private const double ErrorsToHarm = 2;

    /// <summary>All metrics. Times in milliseconds, counts by the second.</summary>
    public static IReadOnlyList<MetricRule> All { get; } =
    [
        new(TuningMetrics.Throughput, static s => s.Throughput, MoreIsBetter: true, 0.03, 0),
        new(TuningMetrics.Wait, static s => s.Executed > 0 ? s.AverageWait.TotalMilliseconds : null, MoreIsBetter: false, 0.3, 1),
        new(TuningMetrics.RequestLatency, static s => s.Requests > 0 ? s.RequestLatency.TotalMilliseconds : null, MoreIsBetter: false, 0.2, 1),
        new(TuningMetrics.WakeUps, static s => s.PerSecond(s.WakeUps), MoreIsBetter: false, 0.1, 5),
        new(TuningMetrics.QueueWait, static s => s.QueueWait.TotalMilliseconds, MoreIsBetter: false, 0.2, 100),
        new(TuningMetrics.CleanupHelp, static s => s.PerSecond(s.CleanupHelped), MoreIsBetter: false, 0.2, 1),
    ];

    /// <summary>Compares two stretches of time.</summary>
    /// <param name="before">The parts before the change.</param>
    /// <param name="after">The parts after it.</param>
    /// <param name="last">Whether there will be no more parts: then what is probably no harm counts as none.</param>
    public Effect Compare(IEnumerable<TuningSample> before, IEnumerable<TuningSample> after, bool last)
    {
        double[] earlier = [.. before.Select(Read).OfType<double>()];
        double[] later = [.. after.Select(Read).OfType<double>()];
        if (earlier.Length < 2 || later.Length < 2)
        {
            return last || earlier.Length == 0 ? Effect.Same : Effect.Unclear; // of what does not happen there is nothing to say
        }

        var (was, now) = (Estimate.Of(earlier), Estimate.Of(later));
        var change = MoreIsBetter ? now.Mean - was.Mean : was.Mean - now.Mean;
        var error = was.ErrorOfDifference(now);
        var least = Math.Max(Share * was.Mean, Least);
        return change > least && change > ErrorsToGain * error ? Effect.Better
            : change < -HarmOf(least) && change < -ErrorsToHarm * error ? Effect.Worse
            : ErrorsToHarm * error <= least ? Effect.Same
            : last && change > -least && change - error > -2 * least ? Effect.Same
            : Effect.Unclear;
    }

    // A wait must grow by what a person or a time-out could notice: milliseconds come and go with the scheduling of the system.
    private double HarmOf(double least) => Metric == TuningMetrics.Wait ? Math.Max(least, 10) : least;
}
