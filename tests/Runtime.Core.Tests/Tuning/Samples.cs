using Runtime.Core.Tuning;

namespace Runtime.Core.Tests.Tuning;

/// <summary>Samples nobody had to wait for.</summary>
internal static class Samples
{
    public static TuningSample Of(
        IRuntimeTunable runtime, double utilization, double waitMilliseconds, long executed = 1000, long waiting = 0, long attempts = 0, long steals = 0) => new()
        {
            Elapsed = TimeSpan.FromSeconds(5),
            WorkerThreads = runtime.Get(TuningKnob.WorkerThreads),
            WorkStealing = runtime.Get(TuningKnob.WorkStealing) != 0,
            Utilization = utilization,
            Executed = executed,
            Waiting = waiting,
            AverageWait = TimeSpan.FromMilliseconds(waitMilliseconds),
            StealAttempts = attempts,
            Steals = steals,
            Arrived = executed,
            Knobs = Enum.GetValues<TuningKnob>().ToDictionary(static knob => knob, knob => (runtime.Get(knob), runtime.Configured(knob))),
        };

    /// <summary>All workers busy and work that waits.</summary>
    public static TuningSample Saturated(IRuntimeTunable runtime, long executed, long? arrived = null) =>
        Of(runtime, 0.95, 200, executed, waiting: 100) with { Saturation = 1, Arrived = arrived ?? executed + 100 };

    /// <summary>Less than the workers can do.</summary>
    public static TuningSample Calm(IRuntimeTunable runtime, double utilization = 0.2, double wait = 1, long executed = 1000) => Of(runtime, utilization, wait, executed);
}
