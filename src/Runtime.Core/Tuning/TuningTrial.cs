namespace Runtime.Core.Tuning;

/// <summary>A change that waits for its verdict. Not thread safe.</summary>
internal sealed class TuningTrial(
    long number, IOptimizationStrategy strategy, OptimizationRecommendation recommendation, int from, KnobSetting setting, IReadOnlyList<TuningSample> before)
{
    private static readonly TimeSpan LongestSettling = TimeSpan.FromHours(1);

    private readonly List<TuningSample> _after = [];

    // How long it has settled.
    private TimeSpan _settled;
    private bool _isSettled;

    public long Number => number;

    public IOptimizationStrategy Strategy => strategy;

    public TuningKnob Knob => recommendation.Knob;

    public int From => from;

    public int To => recommendation.To;

    public bool Up => To > From;

    /// <summary>What the user had configured when it began.</summary>
    public KnobSetting Setting => setting;

    public IReadOnlyList<TuningSample> Before => before;

    public IReadOnlyList<TuningSample> After => _after;

    /// <summary>More workers must pay for themselves, whoever wants them; anything else need only do no harm, unless its strategy asks for more.</summary>
    private TuningMetrics MustImprove =>
        recommendation.MustImprove ?? (Knob == TuningKnob.WorkerThreads && Up ? TuningMetrics.Throughput | TuningMetrics.Wait : TuningMetrics.None);

    /// <summary>Takes in a part.</summary>
    /// <returns>What can be said now, and why.</returns>
    public (Verdict Verdict, string Reason) Take(TuningSample part)
    {
        if (!_isSettled)
        {
            _settled += part.Elapsed;
            _isSettled = _settled >= recommendation.Settle || _settled >= LongestSettling;
            return (Verdict.NotYet, "");
        }

        _after.Add(part);
        return TrialJudge.Judge(before, _after, MustImprove);
    }
}

/// <summary>What the user has configured for a knob.</summary>
[System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Auto)]
internal readonly record struct KnobSetting(int Configured, int Least, int Greatest)
{
    public static KnobSetting Of(IRuntimeTunable runtime, TuningKnob knob)
    {
        var (least, greatest) = runtime.Bounds(knob);
        return new(runtime.Configured(knob), least, greatest);
    }
}
