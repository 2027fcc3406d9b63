using Runtime.Core;
using Runtime.Core.Tuning;

namespace Runtime.Hosting.Tuning;

/// <summary>A runtime with two masters: the configuration says what it is, and within that the tuner turns.</summary>
/// <remarks>
/// Thread safe. A reload keeps what the tuner has found unless it changes that very setting or its bounds.
/// A number of workers that is configured is kept to: unless it is 0 (automatic), the tuner moves it only when MaxWorkerThreads is set as well.
/// </remarks>
internal sealed class TunableRuntime(AsyncRuntime runtime, AsyncRuntimeOptions options) : IRuntimeTunable
{
    // Serialises changes; nothing of the user's runs under it.
    private readonly Lock _lock = new();

    // The configuration, and what the tuner has turned; under _lock.
    private AsyncRuntimeOptions _configured = options;
    private int? _workers;
    private bool? _stealing;

    /// <summary>Puts a new configuration in force.</summary>
    public void Reconfigure(AsyncRuntimeOptions configured)
    {
        lock (_lock)
        {
            var old = _configured;
            _configured = configured;
            if (old.WorkerThreads != configured.WorkerThreads || old.MinWorkerThreads != configured.MinWorkerThreads || old.MaxWorkerThreads != configured.MaxWorkerThreads)
            {
                _workers = null;
            }

            if (old.EnableWorkStealing != configured.EnableWorkStealing)
            {
                _stealing = null;
            }

            // A tuner that is switched off leaves nothing behind.
            if (!configured.Tuner.Enabled)
            {
                _workers = null;
                _stealing = null;
            }

            Apply_NeedsLock();
        }
    }

    public int Get(TuningKnob knob)
    {
        lock (_lock)
        {
            return knob == TuningKnob.WorkerThreads
                ? _workers ?? AsyncRuntime.EffectiveWorkers(_configured)
                : (_stealing ?? _configured.EnableWorkStealing) ? 1 : 0;
        }
    }

    public (int Least, int Greatest) Bounds(TuningKnob knob)
    {
        lock (_lock)
        {
            if (knob == TuningKnob.WorkerThreads)
            {
                return _configured is { WorkerThreads: > 0 and var fixedTo, MaxWorkerThreads: 0 } ? (fixedTo, fixedTo) : AsyncRuntime.WorkerBounds(_configured);
            }

            return _configured.EnableWorkStealing ? (0, 1) : (0, 0); // off in the configuration stays off
        }
    }

    public void Set(TuningKnob knob, int value)
    {
        var (least, greatest) = Bounds(knob);
        lock (_lock)
        {
            var bounded = Math.Clamp(value, least, greatest);
            if (knob == TuningKnob.WorkerThreads)
            {
                _workers = bounded;
            }
            else
            {
                _stealing = bounded != 0;
            }

            Apply_NeedsLock();
        }
    }

    private void Apply_NeedsLock()
    {
        var effective = _configured.Copy();
        effective.WorkerThreads = _workers ?? _configured.WorkerThreads;
        effective.EnableWorkStealing = _stealing ?? _configured.EnableWorkStealing;
        runtime.Reconfigure(effective);
    }
}
