namespace Runtime.Core.Tuning;

/// <summary>A change that a strategy recommends.</summary>
/// <param name="Knob">What to turn.</param>
/// <param name="To">Its new value.</param>
/// <param name="Reason">Why, with the figures; for logs and people.</param>
public sealed record OptimizationRecommendation(TuningKnob Knob, int To, string Reason)
{
    /// <summary>Gets of what at least one must improve for the change to be kept.</summary>
    /// <value>Default <see langword="null"/>: throughput or wait for more workers; for anything else nothing, it must only do no harm.</value>
    public TuningMetrics? MustImprove { get; init; }

    /// <summary>Gets how long the change takes to have its effect; what is measured in that time does not count.</summary>
    /// <value>Default zero: a fifth of the tuner's interval. From zero on; one hour at most is waited.</value>
    public TimeSpan Settle { get; init; }
}
