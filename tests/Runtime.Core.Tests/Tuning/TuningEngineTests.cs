using Runtime.Core.Tuning;

namespace Runtime.Core.Tests.Tuning;

public sealed class TuningEngineTests
{
    private readonly List<TuningDecision> _decisions = [];
    private readonly List<string> _failures = [];
    private readonly FakeTunable _runtime = new(4);
    private readonly TuningEngine _engine;
    private readonly Scripted _strategy = new();

    public TuningEngineTests() =>
        _engine = new(_runtime, new ManualTime(), _decisions.Add, (name, exception) => _failures.Add($"{name}: {exception.Message}"));

    [Fact]
    public void MoreThreads_ThatPay_AreKept()
    {
        _strategy.Want = new(TuningKnob.WorkerThreads, 6, "why");

        Saturated(TrialJudge.Window, executed: 1000);
        _runtime.Workers.ShouldBe(6);
        Saturated(TrialJudge.Window + 1, executed: 1100);

        _runtime.Workers.ShouldBe(6);
        _decisions.Select(static d => (d.Trial, d.Outcome, d.From, d.To)).ShouldBe([(1, TuningOutcome.Applied, 4, 6), (1, TuningOutcome.Kept, 4, 6)]);
        _decisions[0].Reason.ShouldBe("why");
        _decisions[1].Reason.ShouldBe("throughput went from 200 ± 0 to 220 ± 0 items/s and the wait from 200 to 200 ms");
        _strategy.Learned.ShouldBe([_decisions[1]]);
    }

    [Fact]
    public void MoreThreads_ThatPayNothing_AreUndone_AndRestLongerEachTime()
    {
        _strategy.Want = new(TuningKnob.WorkerThreads, 6, "why");
        var windows = new List<int>();
        for (var part = 0; windows.Count < 7 || _engine.Trial is not null; part++)
        {
            var applied = _decisions.Count(static d => d.Outcome == TuningOutcome.Applied);
            Saturated(1, executed: 1000);
            if (_decisions.Count(static d => d.Outcome == TuningOutcome.Applied) > applied)
            {
                windows.Add(part);
            }
        }

        _runtime.Workers.ShouldBe(4);
        int[] pauses = [.. windows.Zip(windows.Skip(1)).Select(static pair => (pair.Second - pair.First - TrialJudge.Window - 2) / TrialJudge.Window)];
        pauses.ShouldBe([2, 4, 8, 16, 32, 64]);
        _decisions.Count(static d => d.Outcome == TuningOutcome.Undone).ShouldBe(windows.Count);
    }

    [Fact]
    public void FewerThreads_ThatHarm_AreUndone()
    {
        _strategy.Want = new(TuningKnob.WorkerThreads, 2, "why");

        Calm(TrialJudge.Window, wait: 1);
        _runtime.Workers.ShouldBe(2);
        Calm(TrialJudge.Window + 1, wait: 40);

        _runtime.Workers.ShouldBe(4);
        _decisions[^1].Outcome.ShouldBe(TuningOutcome.Undone);
        (_decisions[^1].From, _decisions[^1].To).ShouldBe((2, 4));
    }

    [Fact]
    public void FewerThreads_ThatSaturate_AreUndone()
    {
        _strategy.Want = new(TuningKnob.WorkerThreads, 2, "why");

        Calm(TrialJudge.Window, wait: 1);
        Saturated(TrialJudge.Window + 1, executed: 990);

        _runtime.Workers.ShouldBe(4);
        _decisions[^1].Outcome.ShouldBe(TuningOutcome.Undone);
    }

    [Fact]
    public void FewerThreads_ThatDoNoHarm_AreKept()
    {
        _strategy.Want = new(TuningKnob.WorkerThreads, 2, "why");

        Calm(TrialJudge.Window, wait: 1);
        Calm(TrialJudge.Window + 1, wait: 2, executed: 900);

        _runtime.Workers.ShouldBe(2);
        _decisions[^1].Outcome.ShouldBe(TuningOutcome.Kept);
    }

    [Fact]
    public void AnotherLoad_IsNoVerdict_AndUndoes()
    {
        _strategy.Want = new(TuningKnob.WorkerThreads, 2, "why");

        Calm(TrialJudge.Window, wait: 1, executed: 1000);
        Calm(TrialJudge.Window + 1, wait: 1, executed: 300);

        _runtime.Workers.ShouldBe(4);
        _decisions[^1].Outcome.ShouldBe(TuningOutcome.Inconclusive);
        _decisions[^1].Reason.ShouldStartWith("the load changed meanwhile: throughput went from 200 ± 0 to 60 ± 0 items/s");
    }

    [Fact]
    public void Noise_IsNoVerdict_AndUndoes()
    {
        _strategy.Want = new(TuningKnob.WorkerThreads, 6, "why");
        var random = new Random(1);

        for (var i = 0; i < TrialJudge.Window + 1 + TrialJudge.MostParts; i++)
        {
            Saturated(1, executed: random.Next(500, 1500));
        }

        _runtime.Workers.ShouldBe(4);
        _decisions[^1].Outcome.ShouldBe(TuningOutcome.Undone); // it may have paid, but that was not to be seen
    }

    [Fact]
    public void PlainHarm_EndsATrialEarly()
    {
        _strategy.Want = new(TuningKnob.WorkerThreads, 2, "why");

        Saturated(TrialJudge.Window, executed: 1000);
        Saturated(4, executed: 500);

        _runtime.Workers.ShouldBe(4);
        _decisions[^1].Outcome.ShouldBe(TuningOutcome.Undone);
    }

    [Fact]
    public void Settling_IsNotMeasured()
    {
        _strategy.Want = new(TuningKnob.WorkerThreads, 6, "why") { Settle = TimeSpan.FromMinutes(1) };

        Saturated(TrialJudge.Window, executed: 1000);
        Saturated(12, executed: 1); // a minute of parts of five seconds
        Saturated(TrialJudge.Window, executed: 1100);

        _decisions[^1].Outcome.ShouldBe(TuningOutcome.Kept);
    }

    [Fact]
    public void ARequestThatTakesLonger_UndoesWhateverWasTried()
    {
        _strategy.Want = new(TuningKnob.WorkerThreads, 6, "why");

        for (var i = 0; i <= 2 * TrialJudge.Window; i++)
        {
            var after = i >= TrialJudge.Window;
            Step(Samples.Saturated(_runtime, after ? 2000 : 1000) with { Requests = 100, RequestLatency = TimeSpan.FromMilliseconds(after ? 9 : 3) });
        }

        _decisions[^1].Outcome.ShouldBe(TuningOutcome.Undone);
        _decisions[^1].Reason.ShouldEndWith("; requests took 3, then 9 ms");
    }

    [Theory]
    [InlineData(64, 64)]
    [InlineData(1000, 64)]
    [InlineData(-7, 1)]
    public void Recommendations_AreBroughtBackToTheBounds(int wanted, int expected)
    {
        _strategy.Want = new(TuningKnob.WorkerThreads, wanted, "why");

        Saturated(TrialJudge.Window, executed: 1000);

        _runtime.Workers.ShouldBe(expected);
        _runtime.OutOfBounds.ShouldBeEmpty();
    }

    [Fact]
    public void ARecommendationThatChangesNothing_IsNone()
    {
        _strategy.Want = new(TuningKnob.WorkerThreads, 4, "why");

        Saturated(10 * TrialJudge.Window, executed: 1000);

        _decisions.ShouldBeEmpty();
        _runtime.Changes.ShouldBe(0);
    }

    [Fact]
    public void Frozen_RecordsOnce_AndTurnsNothing()
    {
        _strategy.Want = new(TuningKnob.WorkerThreads, 6, "why");

        for (var i = 0; i < 10 * TrialJudge.Window; i++)
        {
            _engine.Step(Samples.Saturated(_runtime, 1000), [_strategy], frozen: static () => "today");
        }

        _runtime.Changes.ShouldBe(0);
        _decisions.ShouldHaveSingleItem().Outcome.ShouldBe(TuningOutcome.Frozen);
    }

    [Fact]
    public void FrozenDuringATrial_UndoesIt_AndSaysSo()
    {
        _strategy.Want = new(TuningKnob.WorkerThreads, 6, "why");
        Saturated(TrialJudge.Window, executed: 1000);

        _engine.Step(Samples.Saturated(_runtime, 1000), [_strategy], frozen: static () => "today");

        _runtime.Workers.ShouldBe(4);
        (_decisions[^1].Outcome, _decisions[^1].Reason).ShouldBe((TuningOutcome.Inconclusive, "the tuner was frozen before a verdict: today"));
    }

    [Fact]
    public void AKnobThatSomebodyElseTurned_EndsTheTrial_AndStays()
    {
        _strategy.Want = new(TuningKnob.WorkerThreads, 6, "why");
        Saturated(TrialJudge.Window, executed: 1000);

        _runtime.Set(TuningKnob.WorkerThreads, 10);
        Saturated(1, executed: 1000);

        _runtime.Workers.ShouldBe(10);
        (_decisions[^1].Outcome, _decisions[^1].Reason).ShouldBe((TuningOutcome.Abandoned, "it was set to 10 by somebody else"));
        _strategy.Learned.ShouldBe([_decisions[^1]]);
    }

    [Theory]
    [InlineData(6, 64, 6)]
    [InlineData(6, 6, 6)]
    [InlineData(5, 64, 5)]
    public void AKnobThatIsConfiguredAnew_EndsTheTrial_AndStays(int configured, int greatest, int expected)
    {
        _strategy.Want = new(TuningKnob.WorkerThreads, 6, "why");
        Saturated(TrialJudge.Window, executed: 1000);

        _runtime.Configure(TuningKnob.WorkerThreads, configured, greatest);
        _strategy.Want = null;
        Saturated(2 * TrialJudge.Window, executed: 1000); // six would have been undone

        _runtime.Workers.ShouldBe(expected);
        (_decisions[^1].Outcome, _decisions[^1].Reason).ShouldBe((TuningOutcome.Abandoned, $"it was configured anew and is {expected}"));
    }

    [Fact]
    public void AnotherKnobThatIsTurnedMeanwhile_LeavesNoVerdict()
    {
        _strategy.Want = new(TuningKnob.WorkerThreads, 6, "why");
        Saturated(TrialJudge.Window, executed: 1000);

        _runtime.Set(TuningKnob.Isolation, 3);
        Saturated(1, executed: 2000);

        (_runtime.Workers, _runtime.Get(TuningKnob.Isolation)).ShouldBe((4, 3));
        (_decisions[^1].Outcome, _decisions[^1].Reason).ShouldBe((TuningOutcome.Inconclusive, "Isolation was turned meanwhile"));
    }

    [Fact]
    public void WhatWasMeasuredUnderOtherSettings_IsNotComparedWith()
    {
        Saturated(TrialJudge.Window - 1, executed: 5000);
        _runtime.Set(TuningKnob.Isolation, 3);
        _strategy.Want = new(TuningKnob.WorkerThreads, 6, "why");

        Saturated((2 * TrialJudge.Window) + 1, executed: 1000);

        _decisions[^1].Reason.ShouldStartWith("throughput went from 200 ± 0 to 200 ± 0 items/s");
    }

    [Fact]
    public void TheStepAfterAKeptOne_NeedNotWait()
    {
        _strategy.Want = new(TuningKnob.WorkerThreads, 6, "why");
        Saturated(TrialJudge.Window, executed: 1000);
        Saturated(TrialJudge.Window + 1, executed: 1500);
        _strategy.Want = new(TuningKnob.WorkerThreads, 9, "why");

        Saturated(1, executed: 1500);

        _runtime.Workers.ShouldBe(9);
    }

    [Fact]
    public void AStrategyThatThrows_IsReported_AndTheOthersAreAsked()
    {
        _strategy.Want = new(TuningKnob.WorkerThreads, 6, "why");
        var broken = new Scripted { Throws = true };

        for (var i = 0; i < TrialJudge.Window; i++)
        {
            _engine.Step(Samples.Saturated(_runtime, 1000), [broken, _strategy], frozen: static () => null);
        }

        _failures.ShouldBe(["Scripted: oh"]);
        _runtime.Workers.ShouldBe(6);
    }

    [Fact]
    public void AnApplyThatThrows_IsRecorded_AndRests()
    {
        _strategy.Want = new(TuningKnob.WorkerThreads, 6, "why");
        _strategy.FailsToApply = true;

        Saturated(3 * TrialJudge.Window, executed: 1000);

        _runtime.Workers.ShouldBe(4);
        _failures.Count.ShouldBe(2); // in the first window and, after a rest of two, in the third
        _decisions[0].Outcome.ShouldBe(TuningOutcome.Failed);
        _decisions[0].Reason.ShouldBe("it could not be applied: why");
    }

    [Fact]
    public void AnUndoThatThrows_IsDoneWithoutTheStrategy()
    {
        _strategy.Want = new(TuningKnob.WorkerThreads, 6, "why");
        Saturated(TrialJudge.Window, executed: 1000);
        _strategy.FailsToApply = true;

        Saturated(TrialJudge.Window + 1, executed: 1000);

        _runtime.Workers.ShouldBe(4);
        _decisions[^1].Outcome.ShouldBe(TuningOutcome.Undone);
        _failures.ShouldHaveSingleItem();
    }

    [Fact]
    public void AnUndoThatDoesNotTake_IsRecordedAsFailed()
    {
        _strategy.Want = new(TuningKnob.WorkerThreads, 6, "why");
        Saturated(TrialJudge.Window, executed: 1000);
        _runtime.Stuck.Add(4);

        Saturated(TrialJudge.Window + 1, executed: 1000);

        _decisions[^1].Outcome.ShouldBe(TuningOutcome.UndoFailed);
        _decisions[^1].Reason.ShouldStartWith("it is still 6 although 4 was to be put back; ");
    }

    [Fact]
    public void AKnobThatDoesNotExist_IsTheStrategysError()
    {
        _strategy.Want = new((TuningKnob)99, 1, "why");

        Saturated(TrialJudge.Window, executed: 1000);

        _failures.ShouldBe(["Scripted: The strategy Scripted recommends to turn 99, which is no knob. Use a value of TuningKnob."]);
    }

    [Fact]
    public void OneChange_AtATime()
    {
        _strategy.Want = new(TuningKnob.WorkerThreads, 6, "why");
        var other = new Scripted { Want = new(TuningKnob.WorkStealing, 0, "why") };

        for (var i = 0; i < TrialJudge.Window; i++)
        {
            _engine.Step(Samples.Saturated(_runtime, 1000), [other, _strategy], frozen: static () => null);
        }

        _runtime.Sets.ShouldBe([(TuningKnob.WorkStealing, 0)]);
    }

    private void Saturated(int parts, long executed)
    {
        for (var i = 0; i < parts; i++)
        {
            Step(Samples.Saturated(_runtime, executed));
        }
    }

    private void Calm(int parts, double wait, long executed = 1000)
    {
        for (var i = 0; i < parts; i++)
        {
            Step(Samples.Calm(_runtime, wait: wait, executed: executed));
        }
    }

    private void Step(TuningSample part) => _engine.Step(part, [_strategy], frozen: static () => null);
}
