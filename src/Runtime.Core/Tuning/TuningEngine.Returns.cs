namespace Runtime.Core.Tuning;

// What was kept and has lost its reason: back to what is configured, without a trial, since there is nothing to measure it by.
internal sealed partial class TuningEngine
{
    private static readonly TuningKnob[] Knobs = Enum.GetValues<TuningKnob>();

    // Whose the last change of a knob was that was kept.
    private readonly Dictionary<TuningKnob, IOptimizationStrategy> _keptBy = [];

    /// <summary>There is no work: nothing has a reason any more. Workers that were added stay, since parked ones cost nothing and it took many trials to find that they help.</summary>
    public void ReturnAll(string why)
    {
        foreach (var knob in Knobs)
        {
            if (knob != TuningKnob.WorkerThreads || runtime.Get(knob) < runtime.Configured(knob))
            {
                Return(knob, why);
            }
        }
    }

    /// <summary>A strategy is asked no more: what it has on trial and what it has turned go back.</summary>
    public void Retire(IOptimizationStrategy strategy)
    {
        var why = $"the strategy {strategy.Name} was switched off";
        if (_trial?.Strategy == strategy)
        {
            Interrupt(why);
        }

        foreach (var knob in Knobs)
        {
            if (_keptBy.GetValueOrDefault(knob) == strategy)
            {
                Return(knob, why);
            }
        }
    }

    private void Return(TuningKnob knob, string why)
    {
        _keptBy.Remove(knob, out var strategy);
        var name = strategy?.Name ?? nameof(Tuner);
        var (from, configured) = (runtime.Get(knob), runtime.Configured(knob));
        if (from == configured)
        {
            return;
        }

        try
        {
            runtime.Set(knob, configured);
        }
        catch (Exception exception)
        {
            failed(name, exception);
        }

        var value = runtime.Get(knob);
        Forget();
        _isSettling = true;
        Record(name, knob, from, value, value == configured ? TuningOutcome.Undone : TuningOutcome.UndoFailed, why, trial: 0);
    }
}
