using Runtime.Core.Tuning;

namespace Runtime.Core.Tests.Tuning;

/// <summary>Knobs without a runtime behind them.</summary>
internal sealed class FakeTunable(int workers, int least = 1, int greatest = 64) : IRuntimeTunable
{
    public int Workers { get; private set; } = workers;

    public bool Stealing { get; private set; } = true;

    public int Changes { get; private set; }

    public int Get(TuningKnob knob) => knob == TuningKnob.WorkerThreads ? Workers : Stealing ? 1 : 0;

    public (int Least, int Greatest) Bounds(TuningKnob knob) => knob == TuningKnob.WorkerThreads ? (least, greatest) : (0, 1);

    public void Set(TuningKnob knob, int value)
    {
        Changes++;
        if (knob == TuningKnob.WorkerThreads)
        {
            value.ShouldBeInRange(least, greatest);
            Workers = value;
        }
        else
        {
            Stealing = value != 0;
        }
    }
}

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
        };
}
