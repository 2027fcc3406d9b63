using System.Globalization;

namespace Runtime.Core.Tuning;

/// <summary>While work waits for busy workers, looks for the worker count with the most throughput; of two that are alike, the lesser.</summary>
/// <remarks>
/// Steps are a half of the count, and after each failure a quarter, then an eighth: coarse first. Both directions take turns; the one that succeeded goes on.
/// Whether a step was right is the engine's to say. See the README for how this differs from the ThreadPool's.
/// </remarks>
internal sealed class HillClimbingStrategy : IOptimizationStrategy
{
    // Saturated for all of a window but one part in five.
    private const double Saturated = 0.8;

    // No step down from anything further below the best than the least effect on throughput: harmless steps would add up.
    private const double NearBest = 0.97;

    // By the window: the best is forgotten to a half in 35, in case the items have become heavier.
    private const double Forget = 0.98;

    private static readonly double[] Steps = [0.5, 0.25, 0.125];

    // Failures in a row, by direction.
    private int _failedUp;
    private int _failedDown;

    private bool _turnIsUp = true;
    private double _best;

    public string Name => "HillClimbing";

    public OptimizationRecommendation? Analyze(TuningSample sample)
    {
        if (sample.Saturation < Saturated)
        {
            // What is offered decides now, not the workers.
            _best = 0;
            _turnIsUp = true;
            return null;
        }

        _best = Math.Max(_best * Forget, sample.Throughput);
        var up = _turnIsUp;
        _turnIsUp = !up;
        var threads = sample.WorkerThreads;
        var step = Math.Max(1, (int)(threads * Steps[(up ? _failedUp : _failedDown) % Steps.Length]));
        if (up)
        {
            // Below what is configured, which somebody lowered while there was little to do, all the way back at once.
            var configured = sample.Knobs.TryGetValue(TuningKnob.WorkerThreads, out var knob) ? knob.Configured : 0;
            return Recommend(threads < configured && _failedUp == 0 ? configured : threads + step, sample, "more");
        }

        return threads > 1 && sample.Throughput >= _best * NearBest ? Recommend(threads - Math.Min(step, threads - 1), sample, "as many with fewer workers") : null;
    }

    public void Learn(TuningDecision decision)
    {
        var kept = decision.Outcome == TuningOutcome.Kept;

        // A kept decision runs from the old value to the new one; an undone one back.
        var up = decision.To > decision.From == kept;
        if (kept)
        {
            _turnIsUp = up;
        }

        if (up)
        {
            _failedUp = kept ? 0 : _failedUp + 1;
        }
        else
        {
            _failedDown = kept ? 0 : _failedDown + 1;
        }
    }

    private static OptimizationRecommendation Recommend(int to, TuningSample sample, string hope) => new(TuningKnob.WorkerThreads, to, string.Create(
        CultureInfo.InvariantCulture, $"all {sample.WorkerThreads} workers were busy and work waited; they ran {sample.Throughput:0.#} items/s, and {to} may run {hope}"));
}
