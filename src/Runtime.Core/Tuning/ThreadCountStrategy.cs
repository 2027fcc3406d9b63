using System.Globalization;

namespace Runtime.Core.Tuning;

/// <summary>The rule of the source design: half as many workers again above 90 % utilization and 100 ms average wait; half of them below 30 %, not below 2.</summary>
/// <remarks>From any load between the two thresholds, neither step leads past the other one, so the rule by itself cannot swing.</remarks>
internal sealed class ThreadCountStrategy : IOptimizationStrategy
{
    public const double BusyAbove = 0.9;
    public const double IdleBelow = 0.3;
    public const int LeastThreads = 2;
    public static readonly TimeSpan LongWait = TimeSpan.FromMilliseconds(100);

    public string Name => "ThreadCount";

    public OptimizationRecommendation? Analyze(TuningSample sample)
    {
        var threads = sample.WorkerThreads;
        var figures = string.Create(
            CultureInfo.InvariantCulture, $"{threads} workers were busy {sample.Utilization * 100:0} % of the time and work waited {sample.AverageWait.TotalMilliseconds:0.#} ms");
        if (sample.Utilization > BusyAbove && sample.AverageWait > LongWait)
        {
            return new(TuningKnob.WorkerThreads, Math.Max(threads + 1, threads * 3 / 2), figures);
        }

        // Waiting work with parked workers is not a lack of load; the other strategies look at that.
        return sample.Utilization < IdleBelow && threads > LeastThreads && sample.AverageWait <= LongWait
            ? new(TuningKnob.WorkerThreads, Math.Max(LeastThreads, threads / 2), figures)
            : null;
    }
}
