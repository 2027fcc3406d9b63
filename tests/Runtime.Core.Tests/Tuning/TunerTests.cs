using Runtime.Core.Lifecycle;
using Runtime.Core.Tests.Diagnostics;
using Runtime.Core.Tuning;

namespace Runtime.Core.Tests.Tuning;

public sealed partial class TunerTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly ManualTime _time = new();
    private readonly FakeTunable _runtime = new(4);
    private long _executed;
    private TimeSpan _busy;
    private int _watches;
    private long _queued;
    private bool _snapshotFails;

    [Fact]
    public void LoadedRuntime_IsSampledInEachInterval_AndTuned()
    {
        using var tuner = Start();

        Work(Interval);

        _runtime.Workers.ShouldBe(6);
        var decision = tuner.Decisions.ShouldHaveSingleItem();
        decision.Strategy.ShouldBe("HillClimbing");
        decision.At.ShouldBe(DateTimeOffset.UnixEpoch + Interval);
    }

    [Fact]
    public void IdleRuntime_IsLeftInPeace_UntilThereIsActivity()
    {
        using var tuner = Start();

        _time.Advance(Interval);
        _watches.ShouldBe(1);
        _time.ArmedTimers.ShouldBe(0);
        tuner.IsAsleep.ShouldBeTrue();
        _time.Advance(TimeSpan.FromDays(1));
        tuner.NotifyActivity();
        tuner.NotifyActivity();

        _time.ArmedTimers.ShouldBe(1);
        tuner.IsAsleep.ShouldBeFalse();
        Work(Interval);
        _runtime.Workers.ShouldBe(6); // the idle day does not count against the utilization
    }

    [Fact]
    public void WorkThatComesWhileTheTunerFallsAsleep_WakesIt()
    {
        using var tuner = Start(onWatch: () => _executed++);

        _time.Advance(Interval);

        _time.ArmedTimers.ShouldBe(1);
    }

    // The thread that wakes the tuner arms the timer; one that is late on the processor may count from after the tick.
    [Fact]
    public void ATickThatComesTooEarlyAfterAWakeUp_IsNotTheLast()
    {
        Tuner? asleep = null;
        using var tuner = Start(onWatch: () =>
        {
            asleep!.NotifyActivity();
            _time.Advance(Interval / 5);
        });
        asleep = tuner;

        _time.Advance(Interval);

        _time.ArmedTimers.ShouldBe(1);
    }

    [Fact]
    public void WorkThatEndsDuringATrial_UndoesIt_BeforeTheTunerSleeps()
    {
        using var tuner = Start();
        Work(Interval);
        _runtime.Workers.ShouldBe(6);

        _time.Advance(Interval);

        tuner.IsAsleep.ShouldBeTrue();
        _runtime.Workers.ShouldBe(4);
        tuner.Decisions[^1].Outcome.ShouldBe(TuningOutcome.Inconclusive);
        tuner.Decisions[^1].Reason.ShouldBe("the work ended before a verdict");
    }

    [Theory]
    [InlineData(2, 4)]
    [InlineData(8, 8)] // found in many trials, and parked workers cost nothing
    public void WhatWasTurned_GoesBack_BeforeTheTunerSleeps_ButForWorkersThatWereAdded(int workers, int expected)
    {
        using var tuner = Start();
        Turn(workers);

        _time.Advance(Interval);

        tuner.IsAsleep.ShouldBeTrue();
        Enum.GetValues<TuningKnob>().Select(_runtime.Get).ShouldBe([expected, 1, 100, 1000, 1, 0]);
        tuner.Decisions.ShouldAllBe(static decision => decision.Outcome == TuningOutcome.Undone && decision.Reason == "there is no work" && decision.Trial == 0);
        tuner.Decisions.Count.ShouldBe(workers == expected ? 5 : 6);
    }

    [Fact]
    public void Frozen_NothingGoesBack()
    {
        using var tuner = Start();
        Turn(2);
        tuner.Freeze("x");

        _time.Advance(Interval);

        tuner.IsAsleep.ShouldBeTrue();
        _runtime.Workers.ShouldBe(2);
        tuner.Decisions.ShouldBeEmpty();
    }

    [Fact]
    public void AStrategyThatIsSwitchedOffDuringItsTrial_TakesItBack()
    {
        using var tuner = Start();
        Work(Interval);
        _runtime.Workers.ShouldBe(6);

        tuner.Reconfigure(new TunerOptions { Interval = Interval, Strategies = ["QueueSize"] });

        _runtime.Workers.ShouldBe(4);
        (tuner.Decisions[^1].Outcome, tuner.Decisions[^1].Reason).ShouldBe((TuningOutcome.Inconclusive, "the strategy HillClimbing was switched off"));
    }

    [Fact]
    public void Disabled_TakesNoSample_AndCanBeSwitchedOn()
    {
        using var tuner = Start(new TunerOptions { Enabled = false, Interval = Interval });
        Work(TimeSpan.FromHours(1));
        _runtime.Changes.ShouldBe(0);

        tuner.Reconfigure(new TunerOptions { Interval = Interval });
        Work(Interval);

        _runtime.Changes.ShouldBe(1);
    }

    [Fact]
    public void SwitchedOffDuringATrial_UndoesIt()
    {
        using var tuner = Start();
        Work(Interval);

        tuner.Reconfigure(new TunerOptions { Enabled = false, Interval = Interval });

        _runtime.Workers.ShouldBe(4);
        tuner.Decisions[^1].Reason.ShouldBe("the tuner was switched off");
    }

    [Fact]
    public void Interval_ChangesWhileRunning()
    {
        using var tuner = Start();

        tuner.Reconfigure(new TunerOptions { Interval = TimeSpan.FromSeconds(1) });
        Work(TimeSpan.FromSeconds(1));

        _runtime.Changes.ShouldBe(1);
    }

    [Fact]
    public void Strategies_AreThoseNamed()
    {
        using var tuner = Start(new TunerOptions { Interval = Interval, Strategies = ["workstealing", "QueueSize"] });

        Work(Interval);

        _runtime.Changes.ShouldBe(0);
        tuner.Strategies.ShouldBe(["QueueSize", "WorkStealing"]);
    }

    [Fact]
    public void Strategies_WithoutNames_AreAllThatTheRulesKnow()
    {
        using var tuner = Start();

        tuner.Strategies.Order(StringComparer.Ordinal).ShouldBe(AsyncRuntimeOptionsRules.Strategies.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Freeze_UndoesWhatIsOnTrial_AndOnlyRecords_UntilUnfreeze()
    {
        using var tuner = Start();
        Work(Interval);

        tuner.Freeze("a release is under way");
        Work(Interval * 10);

        tuner.Frozen.ShouldBe("a release is under way");
        _runtime.Workers.ShouldBe(4);
        tuner.Decisions.Select(static decision => decision.Outcome).Take(2).ShouldBe([TuningOutcome.Applied, TuningOutcome.Inconclusive]);
        tuner.Decisions.Skip(2).ShouldAllBe(static decision => decision.Outcome == TuningOutcome.Frozen);
        tuner.Decisions.Skip(2).Select(static decision => (decision.Strategy, decision.To)).ShouldBeUnique();
        tuner.Decisions[1].Reason.ShouldBe("the tuner was frozen before a verdict: a release is under way");
        tuner.Unfreeze();
        tuner.Frozen.ShouldBeNull();
        Work(Interval * 3);
        tuner.Decisions.Count(static decision => decision.Outcome == TuningOutcome.Applied).ShouldBeGreaterThan(1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Freeze_UndoesWhatIsOnTrial_AtOnce(bool byCode)
    {
        using var tuner = Start();
        Work(Interval);

        if (byCode)
        {
            tuner.Freeze("x");
        }
        else
        {
            tuner.Reconfigure(new TunerOptions { Interval = Interval, Frozen = true });
        }

        _runtime.Workers.ShouldBe(4);
        tuner.Decisions[^1].Outcome.ShouldBe(TuningOutcome.Inconclusive);
    }

    [Fact]
    public void Freeze_WhileAStrategyThinks_IsTheLastWord()
    {
        Tuner? thinking = null;
        using var tuner = Start(custom: [new Scripted { Want = new(TuningKnob.WorkerThreads, 6, "why"), Thinks = () => thinking!.Freeze("a release") }]);
        thinking = tuner;

        Work(Interval);

        _runtime.Changes.ShouldBe(0);
        tuner.Decisions.ShouldHaveSingleItem().Outcome.ShouldBe(TuningOutcome.Frozen);
    }

    [Fact]
    public void Frozen_ByTheConfiguration_IsNotUnfrozenByCode()
    {
        using var tuner = Start(new TunerOptions { Interval = Interval, Frozen = true });

        tuner.Freeze("x");
        tuner.Unfreeze();

        tuner.Frozen.ShouldBe("Tuner:Frozen is true in the configuration");
        Should.Throw<ArgumentException>(() => tuner.Freeze(" "));
    }

    [Fact]
    public void Stopped_TakesNoSample()
    {
        var tuner = Start();
        tuner.Stop();
        Work(TimeSpan.FromHours(1));
        tuner.Start();
        tuner.Dispose();
        Work(TimeSpan.FromHours(1));

        _runtime.Changes.ShouldBe(0);
    }

    [Fact]
    public void StopDuringATrial_EndsItWithoutAVerdict()
    {
        var tuner = Start();
        Work(Interval);

        tuner.Stop();

        tuner.Decisions[^1].Outcome.ShouldBe(TuningOutcome.Abandoned);
        tuner.Decisions[^1].Reason.ShouldBe("the tuner stopped");
        tuner.Dispose();
    }

    private void Turn(int workers)
    {
        _runtime.Set(TuningKnob.WorkerThreads, workers);
        _runtime.Set(TuningKnob.WorkStealing, 0);
        _runtime.Set(TuningKnob.QueueCapacity, 50);
        _runtime.Set(TuningKnob.CleanupThreshold, 500);
        _runtime.Set(TuningKnob.Isolation, 3);
        _runtime.Set(TuningKnob.TimerSlack, 8);
    }

    // All workers busy, and work that waits.
    private void Work(TimeSpan during)
    {
        _queued = 10;
        for (var done = TimeSpan.Zero; done < during; done += Interval / 25)
        {
            _executed += 100;
            _busy += Interval / 25;
            _time.Advance(Interval / 25);
        }

        _queued = 0;
    }

    private Tuner Start(TunerOptions? options = null, Action? onWatch = null, IOptimizationStrategy[]? custom = null)
    {
        var tuner = new Tuner(
            _runtime,
            Snapshot,
            static () => TuningSignals.None,
            () =>
            {
                _watches++;
                onWatch?.Invoke();
            },
            custom ?? [],
            _time,
            options ?? new TunerOptions { Interval = Interval });
        tuner.Start();
        return tuner;
    }

    private RuntimeSnapshot Snapshot() => _snapshotFails ? throw new IOException("no snapshot") : Snapshots.Empty with
    {
        State = RuntimeState.Running,
        Executed = _executed,
        LongestWait = TimeSpan.FromSeconds(1),
        QueueDepth = [0, 0, _queued, 0, 0],
        Workers = [.. Enumerable.Range(0, _runtime.Workers).Select(id => Snapshots.Worker(id) with { Busy = _busy })],
    };
}
