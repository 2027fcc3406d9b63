using Runtime.Core.Tuning;

namespace Runtime.Core.Tests.Tuning;

// Code of others that the tuner calls: strategies, and those who listen.
public sealed partial class TunerTests
{
    [Fact]
    public void ListenersThatThrow_AreCounted_AndTheTunerGoesOn()
    {
        using var tuner = Start(custom: [new Broken()]);
        tuner.Decided = static _ => throw new IOException("no space left");
        tuner.StrategyFailed = static (_, _) => throw new InvalidOperationException("no log either");

        Work(Interval);
        tuner.Faults.ShouldBe((2, nameof(IOException)));
        Work(Interval * 3);

        tuner.Decisions.Take(2).Select(static decision => decision.Outcome).ShouldBe([TuningOutcome.Applied, TuningOutcome.Undone]);
    }

    [Fact]
    public void AStrategyWithoutAName_IsShownByItsType()
    {
        using var tuner = Start(custom: [new Nameless()]);
        var failed = new List<string>();
        tuner.StrategyFailed = (name, _) => failed.Add(name);

        Work(Interval);

        tuner.Strategies[0].ShouldBe(nameof(Nameless));
        failed.ShouldBe([nameof(Nameless)]);
        tuner.Decisions.ShouldHaveSingleItem().Strategy.ShouldBe("HillClimbing");
        tuner.Faults.Count.ShouldBe(0);
    }

    [Fact]
    public void AStrategyThatDoesNotReturn_IsNamed_AfterTenIntervals()
    {
        Tuner? watched = null;
        var seen = new List<string?>();
        using var tuner = Start(custom: [new Scripted { Thinks = () =>
        {
            foreach (var intervals in new[] { 10, 1 })
            {
                _time.Advance(Interval * intervals);
                seen.Add(watched!.Stuck?.Strategy);
            }
        } }]);
        watched = tuner;

        Work(Interval);

        seen.ShouldBe([null, "Scripted"]);
        tuner.Stuck.ShouldBeNull();
    }

    [Fact]
    public void ASampleThatFails_IsNotTheLast()
    {
        using var tuner = Start();
        _snapshotFails = true;
        Work(Interval / 5);
        _snapshotFails = false;

        Work(Interval);

        tuner.Faults.ShouldBe((1, nameof(IOException)));
        _runtime.Workers.ShouldBe(6);
    }

    private sealed class Broken : IOptimizationStrategy
    {
        public string Name => "Broken";

        public OptimizationRecommendation? Analyze(TuningSample sample) => throw new InvalidOperationException("broken");
    }

    private sealed class Nameless : IOptimizationStrategy
    {
        public string Name => throw new InvalidOperationException("no name");

        public OptimizationRecommendation? Analyze(TuningSample sample) => throw new InvalidOperationException("broken");
    }
}
