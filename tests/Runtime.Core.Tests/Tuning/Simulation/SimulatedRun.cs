using Runtime.Core.Tuning;

namespace Runtime.Core.Tests.Tuning.Simulation;

/// <summary>A tuner, or nobody, and a load, for some virtual hours.</summary>
internal sealed record SimulatedRun(SimulatedRuntime Runtime, FakeTunable Knobs, IReadOnlyList<TuningDecision> Decisions, IReadOnlyList<Exception> Failures)
{
    private static readonly TimeSpan Length = TimeSpan.FromHours(2);

    /// <summary>Leaves a tuner alone with a load.</summary>
    /// <param name="load">The load.</param>
    /// <param name="seed">Of its noise.</param>
    /// <param name="knobs">What is turned.</param>
    /// <param name="strategies">The built-in strategies that are on; none for a runtime without a tuner.</param>
    public static SimulatedRun Of(SimulatedLoad load, int seed, FakeTunable knobs, params string[] strategies)
    {
        var time = new ManualTime();
        var runtime = new SimulatedRuntime(load, knobs, time, seed);
        if (strategies.Length == 0)
        {
            time.Advance(Length);
            runtime.Read();
            return new(runtime, knobs, [], []);
        }

        var decisions = new List<TuningDecision>();
        var failures = new List<Exception>();
        using var tuner = new Tuner(
            knobs, runtime.Read, static () => TuningSignals.None, () => { }, [], time, new TunerOptions { Interval = TimeSpan.FromSeconds(5), Strategies = strategies });
        tuner.Decided = decisions.Add;
        tuner.StrategyFailed = (_, exception) => failures.Add(exception);
        tuner.Start();
        for (var now = TimeSpan.Zero; now < Length; now += TimeSpan.FromSeconds(1))
        {
            time.Advance(TimeSpan.FromSeconds(1));
            if (tuner.IsAsleep && runtime.Read().Executed != 0)
            {
                tuner.NotifyActivity();
            }
        }

        runtime.Read();
        tuner.Stop();
        return new(runtime, knobs, decisions, failures);
    }

    /// <summary>Items done in the second half of each phase, or of all the time.</summary>
    public double Settled(SimulatedLoad load)
    {
        var phase = load.PhaseLength < Length ? load.PhaseLength : Length;
        return Runtime.Done.Where((_, second) => second % phase.TotalSeconds >= phase.TotalSeconds / 2).Sum();
    }

    /// <summary>How often a kept change of the workers went the other way than the one before it.</summary>
    public int Turns(DateTimeOffset since)
    {
        bool[] ups = [.. Decisions
            .Where(decision => decision is { Outcome: TuningOutcome.Kept, Knob: TuningKnob.WorkerThreads } && decision.At >= since)
            .Select(static decision => decision.To > decision.From)];
        return ups.Zip(ups.Skip(1)).Count(static pair => pair.First != pair.Second);
    }
}
