using Microsoft.Extensions.Logging;
using Runtime.Core.Tuning;

namespace Runtime.Hosting.Tuning;

/// <summary>Logs and counts what the tuner decides.</summary>
internal sealed partial class TunerLog(Tuner tuner, TunerMetrics metrics, ILogger<Tuner> logger)
{
    /// <summary>Begins to listen.</summary>
    public void Attach()
    {
        tuner.Decided = Tell;
        tuner.StrategyFailed = LogStrategyFailed;
    }

    private void Tell(TuningDecision decision)
    {
        metrics.Add(decision);
        if (decision.Outcome == TuningOutcome.UndoFailed)
        {
            LogUndoFailed(decision.Trial, decision.Strategy, decision.Knob, decision.To, decision.Reason);
        }
        else
        {
            LogDecision(decision.Trial, decision.Outcome, decision.Strategy, decision.Knob, decision.From, decision.To, decision.Reason);
        }
    }

    [LoggerMessage(
        EventIds.TunerDecision, LogLevel.Information, "Tuner, trial {Trial}: {Outcome} {Strategy}: {Knob} from {From} to {To}, because {Reason}", EventName = nameof(EventIds.TunerDecision))]
    private partial void LogDecision(long trial, TuningOutcome outcome, string strategy, TuningKnob knob, int from, int to, string reason);

    [LoggerMessage(EventIds.TunerStrategyFailed, LogLevel.Error, "The tuning strategy {Strategy} failed; the others go on", EventName = nameof(EventIds.TunerStrategyFailed))]
    private partial void LogStrategyFailed(string strategy, Exception exception);

    [LoggerMessage(
        EventIds.TunerUndoFailed,
        LogLevel.Error,
        "Tuner, trial {Trial} of {Strategy}: {Knob} could not be put back and is {Value}: {Reason}. Set it in the configuration, or restart",
        EventName = nameof(EventIds.TunerUndoFailed))]
    private partial void LogUndoFailed(long trial, string strategy, TuningKnob knob, int value, string reason);
}
