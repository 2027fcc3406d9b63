using Microsoft.Extensions.Logging;
using Runtime.Core.Tuning;

namespace Runtime.Hosting.Tuning;

/// <summary>Logs what the tuner decides.</summary>
internal sealed partial class TunerLog(Tuner tuner, ILogger<Tuner> logger)
{
    /// <summary>Begins to listen.</summary>
    public void Attach()
    {
        tuner.Decided = decision => LogDecision(decision.Outcome, decision.Strategy, decision.Knob, decision.From, decision.To, decision.Reason);
        tuner.StrategyFailed = LogStrategyFailed;
    }

    [LoggerMessage(EventIds.TunerDecision, LogLevel.Information, "Tuner: {Outcome} {Strategy}: {Knob} from {From} to {To}, because {Reason}", EventName = "TunerDecision")]
    private partial void LogDecision(TuningOutcome outcome, string strategy, TuningKnob knob, int from, int to, string reason);

    [LoggerMessage(EventIds.TunerStrategyFailed, LogLevel.Error, "The tuning strategy {Strategy} failed; the others go on", EventName = "TunerStrategyFailed")]
    private partial void LogStrategyFailed(string strategy, Exception exception);
}
