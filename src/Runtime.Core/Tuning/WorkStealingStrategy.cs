using System.Globalization;

namespace Runtime.Core.Tuning;

/// <summary>Stealing off while busy workers look for work in vain; on again when work waits though workers are parked.</summary>
internal sealed class WorkStealingStrategy : IOptimizationStrategy
{
    // Below this share of successes stealing is a cost without a return; the way back is not by this figure, since without stealing there is none.
    public const double VainBelow = 0.01;

    // Fewer attempts than this say nothing.
    public const long LeastAttempts = 1000;

    // Idle workers look round before they park, in vain by nature. Only where workers are busy does it cost anything.
    public const double BusyAbove = 0.5;

    public static readonly TimeSpan LongWait = TimeSpan.FromMilliseconds(10);

    public string Name => "WorkStealing";

    public OptimizationRecommendation? Analyze(TuningSample sample)
    {
        if (sample.WorkerThreads < 2)
        {
            return null;
        }

        if (!sample.WorkStealing)
        {
            return sample.AverageWait > LongWait && sample.Utilization < ThreadCountStrategy.BusyAbove
                ? new(TuningKnob.WorkStealing, 1, string.Create(
                    CultureInfo.InvariantCulture, $"work waited {sample.AverageWait.TotalMilliseconds:0.#} ms though workers were parked {(1 - sample.Utilization) * 100:0} % of the time"))
                : null;
        }

        var vain = sample.StealAttempts >= LeastAttempts && sample.StealAttempts > sample.Executed && sample.Steals < sample.StealAttempts * VainBelow;
        return vain && sample.Utilization > BusyAbove && sample.AverageWait <= LongWait
            ? new(TuningKnob.WorkStealing, 0, string.Create(CultureInfo.InvariantCulture, $"of {sample.StealAttempts} attempts to steal {sample.Steals} succeeded"))
            : null;
    }
}
