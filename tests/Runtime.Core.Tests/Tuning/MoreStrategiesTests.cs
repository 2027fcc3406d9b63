using Runtime.Core.Tuning;

namespace Runtime.Core.Tests.Tuning;

/// <summary>What the strategies beside ThreadCount and WorkStealing recommend, and when they ask to go back.</summary>
public sealed class MoreStrategiesTests
{
    private readonly FakeTunable _runtime = new(8);

    [Fact]
    public void HillClimbing_TakesTurns_AndFinerSteps_AfterFailures()
    {
        var strategy = new HillClimbingStrategy();
        var tried = new List<int>();
        for (var i = 0; i < 8; i++)
        {
            var to = strategy.Analyze(Samples.Saturated(_runtime, 1000))!.To;
            tried.Add(to);
            strategy.Learn(new(default, strategy.Name, TuningKnob.WorkerThreads, to, 8, TuningOutcome.Undone, ""));
        }

        tried.ShouldBe([12, 4, 10, 6, 9, 7, 12, 4]);
    }

    [Fact]
    public void HillClimbing_GoesOnWhereItSucceeded()
    {
        var strategy = new HillClimbingStrategy();
        strategy.Analyze(Samples.Saturated(_runtime, 1000))!.To.ShouldBe(12);
        strategy.Learn(new(default, strategy.Name, TuningKnob.WorkerThreads, 8, 12, TuningOutcome.Kept, ""));
        _runtime.Set(TuningKnob.WorkerThreads, 12);

        strategy.Analyze(Samples.Saturated(_runtime, 1400))!.To.ShouldBe(18);
    }

    [Fact]
    public void HillClimbing_BelowWhatIsConfigured_GoesAllTheWayBack()
    {
        _runtime.Set(TuningKnob.WorkerThreads, 2);

        new HillClimbingStrategy().Analyze(Samples.Saturated(_runtime, 1000))!.To.ShouldBe(8);
    }

    [Fact]
    public void HillClimbing_DoesNotStepDown_FromLessThanTheBestItHasSeen()
    {
        var strategy = new HillClimbingStrategy();
        strategy.Analyze(Samples.Saturated(_runtime, 1000));

        strategy.Analyze(Samples.Saturated(_runtime, 900)).ShouldBeNull();
    }

    [Fact]
    public void HillClimbing_WhenNotSaturated_HasNoOpinion() => new HillClimbingStrategy().Analyze(Samples.Calm(_runtime)).ShouldBeNull();

    [Theory]
    [InlineData(0.9, 6, 0, 100, 50)]
    [InlineData(0.9, 4, 0, 100, null)]
    [InlineData(0.7, 6, 0, 100, null)]
    [InlineData(0.9, 0.5, 3, 50, 100)]
    [InlineData(0.1, 0.5, 0, 25, 50)]
    [InlineData(0.6, 0.5, 0, 25, null)]
    [InlineData(0.1, 0.5, 0, 100, null)]
    public void QueueSize_ShortensWhatOnlyDelays_AndGoesBack(double fill, double waitSeconds, long refused, int capacity, int? to)
    {
        _runtime.Set(TuningKnob.QueueCapacity, capacity);
        var sample = Samples.Calm(_runtime) with { QueueFill = fill, QueueWait = TimeSpan.FromSeconds(waitSeconds), Refused = refused };

        var recommendation = new QueueSizeStrategy().Analyze(sample);

        (recommendation?.To).ShouldBe(to);
        if (to < capacity)
        {
            (recommendation!.MustImprove, recommendation.Settle).ShouldBe((TuningMetrics.QueueWait, sample.QueueWait));
        }
    }

    [Theory]
    [InlineData(10, 0.9, 0, 0, 1000, 500)]
    [InlineData(0, 0.1, 1, 1000, 1000, 2000)]
    [InlineData(0, 0.1, 1, 100, 1000, null)]
    [InlineData(0, 0.1, 0, 0, 2000, 1000)]
    [InlineData(0, 0.1, 0, 0, 1000, null)]
    public void CleanupThreshold_FollowsHelpAndSlices(long helped, double fill, double saturation, long slices, int threshold, int? to)
    {
        _runtime.Set(TuningKnob.CleanupThreshold, threshold);
        var sample = Samples.Calm(_runtime) with { CleanupHelped = helped, CleanupFill = fill, Saturation = saturation, CleanupSlices = slices };

        (new CleanupThresholdStrategy().Analyze(sample)?.To).ShouldBe(to);
    }

    [Theory]
    [InlineData(5, 0.9, 1, 2)]
    [InlineData(2.9, 0.9, 1, null)]
    [InlineData(5, 0.4, 1, null)]
    [InlineData(2, 0.1, 3, 2)]
    [InlineData(2, 0.1, 1, null)]
    [InlineData(2, 0.4, 3, null)]
    public void Isolation_StandsBackWhileRequestsSuffer(double latency, double utilization, int level, int? to)
    {
        var strategy = new IsolationStrategy();
        strategy.Analyze(Requests(0.9, 2)).ShouldBeNull(); // what quick means
        _runtime.Set(TuningKnob.Isolation, level);

        (strategy.Analyze(Requests(utilization, latency))?.To).ShouldBe(to);
    }

    [Fact]
    public void Isolation_WhenRequestsHaveEnded_GoesBack_HoweverBusyTheWorkersAre()
    {
        var strategy = new IsolationStrategy();
        _runtime.Set(TuningKnob.Isolation, 3);

        var answers = new[] { 0, 500, 0, 19, 0 }.Select(requests => strategy.Analyze(Samples.Saturated(_runtime, 1000) with { Requests = requests })?.To).ToList();

        answers.ShouldBe([null, null, null, null, 1]);
    }

    [Fact]
    public void Isolation_WithoutRequests_HasNoOpinion() => new IsolationStrategy().Analyze(Samples.Saturated(_runtime, 1000)).ShouldBeNull();

    [Fact]
    public void Energy_TakesTurns_WithTimersAndWorkers_WhileThereIsLittle()
    {
        var strategy = new EnergyStrategy();
        var sample = Samples.Calm(_runtime, utilization: 0.05) with { WakeUps = 1000 };

        var (first, second) = (strategy.Analyze(sample)!, strategy.Analyze(sample)!);

        (first.Knob, first.To, first.MustImprove).ShouldBe((TuningKnob.TimerSlack, 1, TuningMetrics.WakeUps));
        (second.Knob, second.To, second.MustImprove).ShouldBe((TuningKnob.WorkerThreads, 4, TuningMetrics.WakeUps));
        strategy.Analyze(sample with { WakeUps = 10 }).ShouldBeNull();
        strategy.Analyze(sample with { Utilization = 0.3 }).ShouldBeNull();
    }

    [Fact]
    public void Energy_GoesBack_WhenThereIsMore_ButOnlyFromWhereItWent()
    {
        var strategy = new EnergyStrategy();
        _runtime.Set(TuningKnob.WorkerThreads, 4);
        var busy = Samples.Calm(_runtime, utilization: 0.6);
        strategy.Analyze(busy).ShouldBeNull(); // somebody else lowered it

        strategy.Learn(new(default, strategy.Name, TuningKnob.WorkerThreads, 8, 4, TuningOutcome.Kept, ""));
        strategy.Analyze(busy)!.To.ShouldBe(8);
        _runtime.Set(TuningKnob.TimerSlack, 8);
        var back = strategy.Analyze(Samples.Calm(_runtime, utilization: 0.6))!;
        (back.Knob, back.To).ShouldBe((TuningKnob.TimerSlack, 0));
    }

    private TuningSample Requests(double utilization, double milliseconds) =>
        Samples.Calm(_runtime, utilization) with { Requests = 1000, RequestLatency = TimeSpan.FromMilliseconds(milliseconds) };
}
