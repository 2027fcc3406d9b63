using System.Diagnostics.Metrics;
using System.Text.Json;
using Runtime.Core.Diagnostics;
using Runtime.Core.Tuning;

namespace Runtime.Hosting.Tuning;

/// <summary>The instruments of the tuner, in the meter <c>AsyncRuntime</c>.</summary>
internal sealed class TunerMetrics
{
    private static readonly TuningKnob[] Knobs = Enum.GetValues<TuningKnob>();
    private static readonly TuningOutcome[] Outcomes = Enum.GetValues<TuningOutcome>();

    // By outcome; by Interlocked. All are shown from the start, so that a rate has a zero to begin from.
    private readonly long[] _decisions = new long[Outcomes.Length];

    public TunerMetrics(IMeterFactory factory, Tuner tuner, TunableRuntime runtime)
    {
        var meter = factory.Create(RuntimeMetrics.MeterName);
        meter.CreateObservableCounter(
            "async_runtime.tuner.decisions",
            () => Outcomes.Select(outcome => new Measurement<long>(Interlocked.Read(ref _decisions[(int)outcome]), new KeyValuePair<string, object?>("outcome", Name(outcome.ToString())))),
            "{decision}",
            "Decisions of the tuner, by outcome.");
        meter.CreateObservableGauge<long>("async_runtime.tuner.frozen", () => tuner.Frozen is null ? 0 : 1, unit: null, "1 while the tuner may change nothing.");
        meter.CreateObservableGauge(
            "async_runtime.tuner.knob",
            () => Knobs.Select(knob => new Measurement<long>(runtime.Get(knob), new KeyValuePair<string, object?>("knob", Name(knob.ToString())))),
            unit: null,
            "What the knobs of the tuner are set to.");
    }

    /// <summary>Counts a decision.</summary>
    public void Add(TuningDecision decision) => Interlocked.Increment(ref _decisions[(int)decision.Outcome]);

    // WorkerThreads: worker_threads.
    private static string Name(string name) => JsonNamingPolicy.SnakeCaseLower.ConvertName(name);
}
