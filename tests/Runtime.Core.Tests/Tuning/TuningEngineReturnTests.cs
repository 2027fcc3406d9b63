using Runtime.Core.Tuning;

namespace Runtime.Core.Tests.Tuning;

/// <summary>What was kept and has lost its reason goes back to what is configured.</summary>
public sealed class TuningEngineReturnTests
{
    private readonly List<TuningDecision> _decisions = [];
    private readonly FakeTunable _runtime = new(4);
    private readonly TuningEngine _engine;
    private readonly Scripted _strategy = new();

    public TuningEngineReturnTests() => _engine = new(_runtime, new ManualTime(), _decisions.Add, static (_, exception) => throw exception);

    [Fact]
    public void AStrategyThatIsAskedNoMore_TakesBackWhatItHasTurned()
    {
        _strategy.Want = new(TuningKnob.WorkerThreads, 6, "why");
        Saturated(TrialJudge.Window, executed: 1000);
        Saturated(TrialJudge.Window + 1, executed: 1100);
        _runtime.Set(TuningKnob.Isolation, 2); // not its own

        _engine.Retire(_strategy);
        _engine.Retire(_strategy);

        (_runtime.Workers, _runtime.Get(TuningKnob.Isolation)).ShouldBe((4, 2));
        _decisions.Select(static d => (d.Trial, d.Strategy, d.Outcome, d.From, d.To)).ShouldBe(
            [(1, "Scripted", TuningOutcome.Applied, 4, 6), (1, "Scripted", TuningOutcome.Kept, 4, 6), (0, "Scripted", TuningOutcome.Undone, 6, 4)]);
        _decisions[^1].Reason.ShouldBe("the strategy Scripted was switched off");
    }

    [Fact]
    public void AReturnThatDoesNotTake_IsSaid()
    {
        _runtime.Set(TuningKnob.QueueCapacity, 50);
        _runtime.Stuck.Add(100);

        _engine.ReturnAll("there is no work");

        (_decisions[^1].Strategy, _decisions[^1].Outcome, _decisions[^1].To).ShouldBe(("Tuner", TuningOutcome.UndoFailed, 50));
    }

    private void Saturated(int parts, long executed)
    {
        for (var i = 0; i < parts; i++)
        {
            _engine.Step(Samples.Saturated(_runtime, executed), [_strategy], frozen: static () => null);
        }
    }
}
