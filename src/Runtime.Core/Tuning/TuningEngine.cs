namespace Runtime.Core.Tuning;

/// <summary>The state machine: parts in, at most one change at a time out, and every change brought to an end. See the README of this folder.</summary>
/// <remarks>Not thread safe; knows no threads and waits for nothing, so it is tested on samples that nobody had to wait for.</remarks>
internal sealed partial class TuningEngine(IRuntimeTunable runtime, TimeProvider clock, Action<TuningDecision> record, Action<string, Exception> failed)
{
    private readonly CoolDown _coolDown = new();

    // The latest parts under the present settings: what the next trial is compared with. The last window of them is what strategies see.
    private readonly List<TuningSample> _parts = [];

    // Parts until strategies are asked.
    private int _untilAsked = TrialJudge.Window;

    // Whether the next part is of a time in which an undone change still had its effect.
    private bool _isSettling;

    private TuningTrial? _trial;
    private long _trials;

    // What was recorded while frozen: the same once more is no news.
    private readonly HashSet<(string Strategy, TuningKnob Knob, int To)> _recordedFrozen = [];

    /// <summary>Gets the change that waits for its verdict, if any.</summary>
    public TuningTrial? Trial => _trial;

    /// <summary>Takes in a part.</summary>
    /// <param name="part">What happened since the part before.</param>
    /// <param name="strategies">Who to ask, in this order.</param>
    /// <param name="frozen">Tells why nothing may be changed; <see langword="null"/> when it may. Asked again before a change: strategies may have taken long.</param>
    public void Step(TuningSample part, IReadOnlyList<IOptimizationStrategy> strategies, Func<string?> frozen)
    {
        var why = frozen();
        if (_trial is not null)
        {
            if (why is not null)
            {
                Freeze(why);
            }
            else if (!WasTurnedByOthers())
            {
                if (Turned(_trial.Before[^1], part, except: _trial.Knob) is { } other)
                {
                    Interrupt($"{other} was turned meanwhile");
                }
                else
                {
                    Continue(_trial, part);
                }
            }

            return;
        }

        if (why is null)
        {
            _recordedFrozen.Clear();
        }

        if (_isSettling)
        {
            _isSettling = false;
            return;
        }

        Remember(part);
        if (--_untilAsked > 0)
        {
            return;
        }

        _untilAsked = TrialJudge.Window;
        var sample = TuningSample.Merge(_parts[^TrialJudge.Window..]);
        _coolDown.Next(sample);
        foreach (var strategy in strategies)
        {
            if (Ask(strategy, sample) is { } recommendation && Try(strategy, recommendation, frozen))
            {
                return;
            }
        }
    }

    /// <summary>Ends a trial because nothing may be changed any more.</summary>
    public void Freeze(string why) => Interrupt($"the tuner was frozen before a verdict: {why}");

    /// <summary>Ends a trial that can get no verdict, and puts the old value back.</summary>
    public void Interrupt(string why)
    {
        if (_trial is { } trial && !WasTurnedByOthers())
        {
            Undo(trial, TuningOutcome.Inconclusive, why);
        }

        Forget();
    }

    /// <summary>Ends a trial that can get no verdict, and leaves the knob alone.</summary>
    public void Abandon(string why)
    {
        if (_trial is { } trial)
        {
            End(trial, runtime.Get(trial.Knob), TuningOutcome.Abandoned, why);
        }

        Forget();
    }

    private void Continue(TuningTrial trial, TuningSample part)
    {
        var (verdict, reason) = trial.Take(part);
        switch (verdict)
        {
            case Verdict.Keep:
                _coolDown.Succeeded(trial.Knob, trial.Up);
                _keptBy[trial.Knob] = trial.Strategy;
                End(trial, trial.To, TuningOutcome.Kept, reason);
                foreach (var after in trial.After)
                {
                    Remember(after); // what is kept has been measured already, so the next step need not wait
                }

                _untilAsked = 1;
                break;
            case Verdict.Undo:
                Undo(trial, TuningOutcome.Undone, reason);
                break;
            case Verdict.Inconclusive:
                Undo(trial, TuningOutcome.Inconclusive, reason);
                break;
            default:
                break;
        }
    }

    // The user's word, or another part of the program's: it stands, and a verdict would be about something else.
    private bool WasTurnedByOthers()
    {
        if (_trial is not { } trial)
        {
            return false;
        }

        // A reload may set the very value that is on trial: then it is the user's.
        var value = runtime.Get(trial.Knob);
        var isConfiguredAnew = trial.Setting != KnobSetting.Of(runtime, trial.Knob);
        if (value == trial.To && !isConfiguredAnew)
        {
            return false;
        }

        End(trial, value, TuningOutcome.Abandoned, isConfiguredAnew ? $"it was configured anew and is {Text(value)}" : $"it was set to {Text(value)} by somebody else");
        return true;
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

    private bool Try(IOptimizationStrategy strategy, OptimizationRecommendation wanted, Func<string?> frozen)
    {
        if (!Enum.IsDefined(wanted.Knob))
        {
            failed(strategy.Name, new InvalidOperationException($"The strategy {strategy.Name} recommends to turn {wanted.Knob}, which is no knob. Use a value of {nameof(TuningKnob)}."));
            return false;
        }

        var setting = KnobSetting.Of(runtime, wanted.Knob);
        var from = runtime.Get(wanted.Knob);
        var bounded = wanted with { To = Math.Clamp(wanted.To, setting.Least, setting.Greatest) };
        if (bounded.To == from || _coolDown.IsResting(bounded.Knob, bounded.To > from))
        {
            return false;
        }

        if (frozen() is not null)
        {
            if (_recordedFrozen.Add((strategy.Name, bounded.Knob, bounded.To)))
            {
                Record(strategy, bounded.Knob, from, bounded.To, TuningOutcome.Frozen, bounded.Reason, trial: 0);
            }

            return true;
        }

        var trial = new TuningTrial(_trials + 1, strategy, bounded, from, setting, [.. _parts]);
        return Begin(trial, bounded);
    }

    // Another knob that was turned between two parts: by a reload, say. What was measured on either side of it cannot be compared.
    private static TuningKnob? Turned(TuningSample before, TuningSample after, TuningKnob? except = null)
    {
        foreach (var (knob, (value, _)) in after.Knobs)
        {
            if (knob != except && before.Knobs.TryGetValue(knob, out var earlier) && earlier.Value != value)
            {
                return knob;
            }
        }

        return null;
    }

    private void Remember(TuningSample part)
    {
        if (_parts.Count > 0 && Turned(_parts[^1], part) is not null)
        {
            Forget();
        }

        if (_parts.Count == TrialJudge.MostParts)
        {
            _parts.RemoveAt(0);
        }

        _parts.Add(part);
    }

    private void Forget()
    {
        _parts.Clear();
        _untilAsked = TrialJudge.Window;
    }
}
