using Runtime.Core.Tuning;

namespace Runtime.Core.Tests.Tuning;

/// <summary>Knobs without a runtime behind them. What is set beyond the bounds is remembered: an exception would pass for one of the strategy's.</summary>
internal sealed class FakeTunable : IRuntimeTunable
{
    private readonly Dictionary<TuningKnob, (int Value, int Configured, int Least, int Greatest)> _knobs;

    public FakeTunable(int workers, int least = 1, int greatest = 64) => _knobs = new()
    {
        [TuningKnob.WorkerThreads] = (workers, workers, least, greatest),
        [TuningKnob.WorkStealing] = (1, 1, 0, 1),
        [TuningKnob.QueueCapacity] = (100, 100, 10, 100),
        [TuningKnob.CleanupThreshold] = (1000, 1000, 100, 4000),
        [TuningKnob.Isolation] = (1, 1, 1, 3),
        [TuningKnob.TimerSlack] = (0, 0, 0, 16),
    };

    /// <summary>Every value that was set, in order.</summary>
    public List<(TuningKnob Knob, int Value)> Sets { get; } = [];

    public List<(TuningKnob Knob, int Value)> OutOfBounds { get; } = [];

    public int Workers => Get(TuningKnob.WorkerThreads);

    public bool Stealing => Get(TuningKnob.WorkStealing) != 0;

    public int Changes => Sets.Count;

    /// <summary>Values that cannot be set: setting them leaves the knob as it is.</summary>
    public HashSet<int> Stuck { get; } = [];

    public int Get(TuningKnob knob) => _knobs[knob].Value;

    public int Configured(TuningKnob knob) => _knobs[knob].Configured;

    /// <summary>As a reload does.</summary>
    public void Configure(TuningKnob knob, int value, int? greatest = null) =>
        _knobs[knob] = _knobs[knob] with { Value = value, Configured = value, Greatest = greatest ?? _knobs[knob].Greatest };

    public (int Least, int Greatest) Bounds(TuningKnob knob) => (_knobs[knob].Least, _knobs[knob].Greatest);

    public void Set(TuningKnob knob, int value)
    {
        if (value < _knobs[knob].Least || value > _knobs[knob].Greatest)
        {
            OutOfBounds.Add((knob, value));
        }

        if (!Stuck.Contains(value))
        {
            Sets.Add((knob, value));
            _knobs[knob] = _knobs[knob] with { Value = value };
        }
    }
}
