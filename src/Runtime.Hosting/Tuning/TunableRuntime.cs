using Runtime.Core;
using Runtime.Core.Tuning;

namespace Runtime.Hosting.Tuning;

/// <summary>A runtime with two masters: the configuration says what it is, and within that the tuner turns.</summary>
/// <remarks>
/// Thread safe. A reload keeps what the tuner has found unless it changes that very setting or its bounds. What is configured is worked out once for each reload: a number of workers that follows
/// a quota of processors is not another one in the middle of a trial.
/// </remarks>
/// <param name="runtime">The runtime.</param>
/// <param name="setCapacityShare">Sets how much of their capacity the queues that reject use, in percent.</param>
/// <param name="options">The configuration.</param>
internal sealed class TunableRuntime(AsyncRuntime runtime, Action<int> setCapacityShare, AsyncRuntimeHostingOptions options) : IRuntimeTunable
{
    // Serialises changes; nothing of the user's runs under it.
    private readonly Lock _lock = new();

    // What the tuner has turned; under _lock.
    private readonly Dictionary<TuningKnob, int> _turned = [];

    // The configuration, and what it means for each knob, in the order of KnobTable; under _lock.
    private AsyncRuntimeHostingOptions _configured = options;
    private Meaning[] _meanings = MeaningsOf(options);

    /// <summary>Puts a new configuration in force.</summary>
    public void Reconfigure(AsyncRuntimeHostingOptions configured)
    {
        lock (_lock)
        {
            var meanings = MeaningsOf(configured);
            foreach (var knob in KnobTable.All)
            {
                // A tuner that is switched off leaves nothing behind.
                if (!configured.Tuner.Enabled || meanings[(int)knob.Knob] != _meanings[(int)knob.Knob])
                {
                    _turned.Remove(knob.Knob);
                }
            }

            _configured = configured;
            _meanings = meanings;
            Apply_NeedsLock();
        }
    }

    public int Get(TuningKnob knob)
    {
        lock (_lock)
        {
            return ValueOf_NeedsLock(knob);
        }
    }

    public int Configured(TuningKnob knob)
    {
        lock (_lock)
        {
            return _meanings[(int)knob].Configured;
        }
    }

    public (int Least, int Greatest) Bounds(TuningKnob knob)
    {
        lock (_lock)
        {
            return (_meanings[(int)knob].Least, _meanings[(int)knob].Greatest);
        }
    }

    public void Set(TuningKnob knob, int value)
    {
        lock (_lock)
        {
            var meaning = _meanings[(int)knob];
            _turned[knob] = Math.Clamp(value, meaning.Least, meaning.Greatest);
            Apply_NeedsLock();
        }
    }

    private void Apply_NeedsLock()
    {
        var effective = _configured.Copy();
        foreach (var (knob, value) in _turned)
        {
            KnobTable.Of(knob).Put?.Invoke(effective, value);
        }

        effective.WorkerThreads = ValueOf_NeedsLock(TuningKnob.WorkerThreads); // not automatic once more: what the quota is now would change it beside another knob
        runtime.Reconfigure(effective);
        setCapacityShare(_turned.TryGetValue(TuningKnob.QueueCapacity, out var share) ? share : KnobTable.WholeCapacity);
    }

    private int ValueOf_NeedsLock(TuningKnob knob) => _turned.TryGetValue(knob, out var value) ? value : _meanings[(int)knob].Configured;

    private static Meaning[] MeaningsOf(AsyncRuntimeHostingOptions options) =>
    [
        .. KnobTable.All.Select(knob =>
        {
            var (least, greatest) = knob.Bounds(options);
            return new Meaning(knob.Read(options), least, greatest);
        }),
    ];

    private sealed record Meaning(int Configured, int Least, int Greatest);
}
