namespace Runtime.Core.Tuning;

/// <summary>One idea of how to run better. Supply your own with <c>AddTuningStrategy</c>.</summary>
/// <remarks>
/// The tuner calls strategies on one thread at a time, once in an interval while no change waits for its verdict, and asks them in turn until one recommends
/// something: one change at a time, so that its effect can be told. What a strategy throws is logged, and the others are asked.
/// </remarks>
public interface IOptimizationStrategy
{
    /// <summary>Gets the name that decisions and logs show. Read once; where that throws, the name of the type is shown.</summary>
    string Name { get; }

    /// <summary>Looks at what happened.</summary>
    /// <param name="sample">What the runtime did in the last interval.</param>
    /// <returns>What to change, or <see langword="null"/>.</returns>
    OptimizationRecommendation? Analyze(TuningSample sample);

    /// <summary>Puts a recommendation of this strategy, or its undoing, into force.</summary>
    /// <param name="recommendation">What to change; its value is within the bounds.</param>
    /// <param name="runtime">What to change it on.</param>
    void Apply(OptimizationRecommendation recommendation, IRuntimeTunable runtime)
    {
        ArgumentNullException.ThrowIfNull(recommendation);
        ArgumentNullException.ThrowIfNull(runtime);
        runtime.Set(recommendation.Knob, recommendation.To);
    }

    /// <summary>Tells how a recommendation of this strategy ended. Does nothing by default.</summary>
    /// <param name="decision">The end: kept, undone, inconclusive, abandoned or failed.</param>
    void Learn(TuningDecision decision)
    {
    }
}
