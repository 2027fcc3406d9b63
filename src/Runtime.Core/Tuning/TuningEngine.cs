using System.Globalization;

namespace Runtime.Core.Tuning;

/// <summary>The tuner's mind: one sample in, at most one change out, and every change judged by the sample after it.</summary>
/// <remarks>
/// <para>More threads must pay: unless throughput rises or waits fall, the change is undone. Less of something must do no harm.</para>
/// <para>A change that was undone is not tried again for a while, twice as long each time, so a wrong idea cannot swing.</para>
/// Not thread safe; knows no time and no threads, so it is tested on samples that nobody had to wait for.
/// </remarks>
internal sealed class TuningEngine(IRuntimeTunable runtime, TimeProvider clock, Action<TuningDecision> record, Action<string, Exception> failed)
{
    // What counts as an effect; smaller differences are noise.
    private const double Gain = 1.05;
    private const double Relief = 0.8;
    private const double Harm = 0.9;
    private static readonly TimeSpan HarmfulWait = TimeSpan.FromMilliseconds(10);

    // In samples: how long an undone change rests, at first and at most.
    private const int FirstRest = 4;
    private const int LongestRest = 64;

    private readonly Dictionary<(string Strategy, TuningKnob Knob, bool Up), (int Length, int Until)> _resting = [];

    // The change that waits for its judgement.
    private Trial? _trial;

    // The last recommendation recorded while frozen: the same one again is no news.
    private (string Strategy, OptimizationRecommendation Recommendation)? _lastFrozen;
    private int _samples;

    /// <summary>Takes in a sample.</summary>
    /// <param name="sample">The sample.</param>
    /// <param name="strategies">Who to ask, in this order.</param>
    /// <param name="frozen">Whether to record only.</param>
    public void Step(TuningSample sample, IEnumerable<IOptimizationStrategy> strategies, bool frozen)
    {
        _samples++;
        if (_trial is { } trial)
        {
            _trial = null;
            if (runtime.Get(trial.Knob) == trial.To && !frozen)
            {
                Judge(trial, sample);
                return; // the next sample is the first that shows the outcome
            }
        }

        foreach (var strategy in strategies)
        {
            if (Ask(strategy, sample) is { } recommendation && Try(strategy, recommendation, sample, frozen))
            {
                return;
            }
        }
    }

    private OptimizationRecommendation? Ask(IOptimizationStrategy strategy, TuningSample sample)
    {
        try
        {
            return strategy.Analyze(sample);
        }
        catch (Exception exception)
        {
            failed(strategy.Name, exception);
            return null;
        }
    }

    private bool Try(IOptimizationStrategy strategy, OptimizationRecommendation recommendation, TuningSample sample, bool frozen)
    {
        var (least, greatest) = runtime.Bounds(recommendation.Knob);
        var from = runtime.Get(recommendation.Knob);
        var to = Math.Clamp(recommendation.To, least, greatest);
        if (to == from || (_resting.TryGetValue((strategy.Name, recommendation.Knob, to > from), out var rest) && _samples < rest.Until))
        {
            return false;
        }

        var bounded = recommendation with { To = to };
        if (frozen)
        {
            if (_lastFrozen is not { } last || last.Strategy != strategy.Name || last.Recommendation.Knob != bounded.Knob || last.Recommendation.To != to)
            {
                _lastFrozen = (strategy.Name, bounded);
                Record(strategy.Name, bounded.Knob, from, to, TuningOutcome.Frozen, bounded.Reason);
            }

            return true;
        }

        if (!Apply(strategy, bounded))
        {
            return false;
        }

        _trial = new(strategy, bounded.Knob, from, to, sample);
        Record(strategy.Name, bounded.Knob, from, to, TuningOutcome.Applied, bounded.Reason);
        return true;
    }

    private void Judge(Trial trial, TuningSample after)
    {
        var before = trial.Before;
        var mustPay = trial.Knob == TuningKnob.WorkerThreads && trial.To > trial.From;
        var good = mustPay
            ? after.Throughput >= before.Throughput * Gain || after.AverageWait <= before.AverageWait * Relief || after.Utilization < ThreadCountStrategy.BusyAbove
            : !(after.AverageWait > before.AverageWait + HarmfulWait || (after.Throughput < before.Throughput * Harm && after.Waiting > before.Waiting));
        var reason = string.Create(
            CultureInfo.InvariantCulture,
            $"throughput went from {before.Throughput:0.#} to {after.Throughput:0.#} items/s and the wait from {before.AverageWait.TotalMilliseconds:0.#} to {after.AverageWait.TotalMilliseconds:0.#} ms");
        var key = (trial.Strategy.Name, trial.Knob, trial.To > trial.From);
        if (good)
        {
            _resting.Remove(key);
            Record(trial.Strategy.Name, trial.Knob, trial.From, trial.To, TuningOutcome.Kept, reason);
        }
        else if (Apply(trial.Strategy, new(trial.Knob, trial.From, reason)))
        {
            var rest = _resting.TryGetValue(key, out var earlier) ? Math.Min(LongestRest, earlier.Length * 2) : FirstRest;
            _resting[key] = (rest, _samples + rest);
            Record(trial.Strategy.Name, trial.Knob, trial.To, trial.From, TuningOutcome.Undone, reason);
        }
    }

    private bool Apply(IOptimizationStrategy strategy, OptimizationRecommendation recommendation)
    {
        try
        {
            strategy.Apply(recommendation, runtime);
            return true;
        }
        catch (Exception exception)
        {
            failed(strategy.Name, exception);
            return false;
        }
    }

    private void Record(string strategy, TuningKnob knob, int from, int to, TuningOutcome outcome, string reason) =>
        record(new(clock.GetUtcNow(), strategy, knob, from, to, outcome, reason));

    private sealed record Trial(IOptimizationStrategy Strategy, TuningKnob Knob, int From, int To, TuningSample Before);
}
