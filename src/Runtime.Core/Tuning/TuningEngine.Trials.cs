namespace Runtime.Core.Tuning;

// The ends of a trial, its beginning among them: what touches the knobs, and what is written down about it.
internal sealed partial class TuningEngine
{
    private bool Begin(TuningTrial trial, OptimizationRecommendation recommendation)
    {
        var applied = Apply(trial.Strategy, recommendation) && runtime.Get(trial.Knob) == trial.To;
        if (!applied)
        {
            // Whatever was turned half-way goes back; and it rests like what was of no use, or it would fail again in every window.
            PutBack(trial, out _);
            _coolDown.Failed(trial.Knob, trial.Up, TuningSample.Merge(trial.Before));
            var end = Record(trial.Strategy, trial.Knob, trial.From, trial.To, TuningOutcome.Failed, $"it could not be applied: {recommendation.Reason}", trial: 0);
            Tell(trial.Strategy, end);
            return false;
        }

        _trials++;
        _trial = trial;
        Record(trial.Strategy, trial.Knob, trial.From, trial.To, TuningOutcome.Applied, recommendation.Reason, trial.Number);
        return true;
    }

    private void Undo(TuningTrial trial, TuningOutcome outcome, string reason)
    {
        _coolDown.Failed(trial.Knob, trial.Up, TuningSample.Merge(trial.Before));
        if (Apply(trial.Strategy, new(trial.Knob, trial.From, reason)) && runtime.Get(trial.Knob) == trial.From)
        {
            End(trial, trial.From, outcome, reason);
        }
        else
        {
            var back = PutBack(trial, out var value);
            End(trial, value, back ? outcome : TuningOutcome.UndoFailed, back ? reason : $"it is still {Text(value)} although {Text(trial.From)} was to be put back; {reason}");
        }
    }

    // Without the strategy, whose own way has failed. The bounds may have moved meanwhile; then the nearest value is right.
    private bool PutBack(TuningTrial trial, out int value)
    {
        var (least, greatest) = runtime.Bounds(trial.Knob);
        var wanted = Math.Clamp(trial.From, least, greatest);
        try
        {
            runtime.Set(trial.Knob, wanted);
        }
        catch (Exception exception)
        {
            failed(trial.Strategy.Name, exception);
        }

        value = runtime.Get(trial.Knob);
        return value == wanted;
    }

    // The ends of a trial: the decision runs from the value on trial to the value that there is now; for one that was kept, from the old one to the new.
    private void End(TuningTrial trial, int value, TuningOutcome outcome, string reason)
    {
        _trial = null;
        Forget();
        _isSettling = outcome is not TuningOutcome.Kept;
        var from = outcome == TuningOutcome.Kept ? trial.From : trial.To;
        Tell(trial.Strategy, Record(trial.Strategy, trial.Knob, from, value, outcome, reason, trial.Number));
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

    private void Tell(IOptimizationStrategy strategy, TuningDecision end)
    {
        try
        {
            strategy.Learn(end);
        }
        catch (Exception exception)
        {
            failed(strategy.Name, exception);
        }
    }

    private TuningDecision Record(IOptimizationStrategy strategy, TuningKnob knob, int from, int to, TuningOutcome outcome, string reason, long trial) =>
        Record(strategy.Name, knob, from, to, outcome, reason, trial);

    private TuningDecision Record(string strategy, TuningKnob knob, int from, int to, TuningOutcome outcome, string reason, long trial)
    {
        var decision = new TuningDecision(clock.GetUtcNow(), strategy, knob, from, to, outcome, reason) { Trial = trial };
        record(decision);
        return decision;
    }

    private static string Text(int value) => value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
