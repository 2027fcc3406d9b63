using System.Globalization;

namespace Runtime.Core.Tuning;

/// <summary>While there is little to do, fewer workers and coarser timers, as long as that saves wake-ups; back when there is more.</summary>
/// <remarks>Timers are touched only within <see cref="TunerOptions.MaxTimerSlack"/>, which is zero unless the user grants some.</remarks>
internal sealed class EnergyStrategy : IOptimizationStrategy
{
    private const double Little = 0.1;
    private const double Enough = 0.5;

    // Below this there is nothing to save: a processor wakes more often than that by itself.
    private const double ManyWakeUps = 20;

    // Timers and workers take turns, so that one that rests does not keep the other from being tried.
    private bool _timersNext = true;

    // Whether the workers are fewer because of us: what another strategy has lowered is not ours to raise.
    private bool _lowered;

    public string Name => "Energy";

    public OptimizationRecommendation? Analyze(TuningSample sample)
    {
        sample.Knobs.TryGetValue(TuningKnob.WorkerThreads, out var workers);
        sample.Knobs.TryGetValue(TuningKnob.TimerSlack, out var slack);
        _lowered &= sample.WorkerThreads < workers.Configured; // the tuner may have put them back
        var wakeUps = sample.PerSecond(sample.WakeUps);
        var figures = string.Create(
            CultureInfo.InvariantCulture, $"{sample.WorkerThreads} workers were busy {sample.Utilization * 100:0} % of the time and were woken {wakeUps:0.#} times a second");
        if (sample.Utilization > Enough)
        {
            return slack.Value > slack.Configured ? new(TuningKnob.TimerSlack, slack.Configured, figures)
                : _lowered && sample.WorkerThreads < workers.Configured ? new(TuningKnob.WorkerThreads, workers.Configured, figures) { MustImprove = TuningMetrics.None }
                : null;
        }

        if (sample.Utilization >= Little || wakeUps < ManyWakeUps)
        {
            return null;
        }

        var timers = _timersNext;
        _timersNext = !timers;
        return timers ? new(TuningKnob.TimerSlack, Math.Max(1, slack.Value * 2), figures) { MustImprove = TuningMetrics.WakeUps }
            : sample.WorkerThreads > 1 ? new(TuningKnob.WorkerThreads, Math.Max(1, sample.WorkerThreads / 2), figures) { MustImprove = TuningMetrics.WakeUps }
            : null;
    }

    public void Learn(TuningDecision decision)
    {
        if (decision is { Knob: TuningKnob.WorkerThreads, Outcome: TuningOutcome.Kept })
        {
            _lowered = decision.To < decision.From;
        }
    }
}
