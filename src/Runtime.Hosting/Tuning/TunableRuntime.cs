using Runtime.Core;
using Runtime.Core.Tuning;

namespace Runtime.Hosting.Tuning;

/// <summary>A runtime with two masters: the configuration says what it is, and within that the tuner turns.</summary>
/// <remarks>Thread safe. A reload keeps what the tuner has found unless it changes that very setting or its bounds.</remarks>
/// <param name="runtime">The runtime.</param>
/// <param name="setCapacityShare">Sets how much of their capacity the queues that reject use, in percent.</param>
/// <param name="options">The configuration.</param>
internal sealed class TunableRuntime(AsyncRuntime runtime, Action<int> setCapacityShare, AsyncRuntimeHostingOptions options) : IRuntimeTunable
{
    // Serialises changes; nothing of the user's runs under it.
    private readonly Lock _lock = new();

    // What the tuner has turned; under _lock.
    private readonly Dictionary<TuningKnob, int> _turned = [];

    // The configuration; under _lock.
    private AsyncRuntimeHostingOptions _configured = options;

    /// <summary>Puts a new configuration in force.</summary>
    public void Reconfigure(AsyncRuntimeHostingOptions configured)
    {
        lock (_lock)
        {
            foreach (var knob in KnobTable.All)
            {
                // A tuner that is switched off leaves nothing behind.
                if (!configured.Tuner.Enabled || knob.Read(_configured) != knob.Read(configured) || knob.Bounds(_configured) != knob.Bounds(configured))
                {
                    _turned.Remove(knob.Knob);
                }
            }

            _configured = configured;
            Apply_NeedsLock();
        }
    }

    public int Get(TuningKnob knob)
    {
        lock (_lock)
        {
            return _turned.TryGetValue(knob, out var value) ? value : KnobTable.Of(knob).Read(_configured);
        }
    }

    public int Configured(TuningKnob knob)
    {
        lock (_lock)
        {
            return KnobTable.Of(knob).Read(_configured);
        }
    }

    public (int Least, int Greatest) Bounds(TuningKnob knob)
    {
        lock (_lock)
        {
            return KnobTable.Of(knob).Bounds(_configured);
        }
    }

    public void Set(TuningKnob knob, int value)
    {
        lock (_lock)
        {
            var entry = KnobTable.Of(knob);
            var (least, greatest) = entry.Bounds(_configured);
            _turned[knob] = Math.Clamp(value, least, greatest);
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

        runtime.Reconfigure(effective);
        setCapacityShare(_turned.TryGetValue(TuningKnob.QueueCapacity, out var share) ? share : KnobTable.WholeCapacity);
    }
}
