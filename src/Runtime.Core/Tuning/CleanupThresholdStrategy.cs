using System.Globalization;

namespace Runtime.Core.Tuning;

/// <summary>Cleans earlier while those who retire things have to help; cleans in larger rounds while workers are busy and slices are many.</summary>
/// <remarks>What is retired is released within <c>Cleanup:Interval</c> whatever the threshold is.</remarks>
internal sealed class CleanupThresholdStrategy : IOptimizationStrategy
{
    // Fewer slices than this cost nothing worth saving.
    private const double ManySlices = 50;
    private const double Saturated = 0.8;
    private const double HalfFull = 0.5;

    public string Name => "CleanupThreshold";

    public OptimizationRecommendation? Analyze(TuningSample sample)
    {
        if (!sample.Knobs.TryGetValue(TuningKnob.CleanupThreshold, out var threshold))
        {
            return null;
        }

        var figures = string.Create(
            CultureInfo.InvariantCulture,
            $"the cleanup was {sample.CleanupFill * 100:0} % full, took {sample.PerSecond(sample.CleanupSlices):0.#} slices/s, and {sample.CleanupHelped} things were released by those who retired others");
        if (sample.CleanupHelped > 0)
        {
            return new(TuningKnob.CleanupThreshold, Math.Max(1, threshold.Value / 2), figures) { MustImprove = TuningMetrics.CleanupHelp };
        }

        if (sample.Saturation >= Saturated && sample.CleanupFill < HalfFull && sample.PerSecond(sample.CleanupSlices) > ManySlices)
        {
            return new(TuningKnob.CleanupThreshold, threshold.Value * 2, figures) { MustImprove = TuningMetrics.Throughput };
        }

        return sample.CleanupSlices == 0 && threshold.Value != threshold.Configured ? new(TuningKnob.CleanupThreshold, threshold.Configured, figures) : null;
    }
}
