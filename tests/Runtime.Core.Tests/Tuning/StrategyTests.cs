using Runtime.Core.Tuning;

namespace Runtime.Core.Tests.Tuning;

public sealed class StrategyTests
{
    [Theory]
    [InlineData(4, 0.95, 150, 6)]
    [InlineData(1, 0.95, 150, 2)]
    [InlineData(5, 0.91, 101, 7)]
    [InlineData(4, 0.90, 150, null)]
    [InlineData(4, 0.95, 100, null)]
    [InlineData(8, 0.29, 0, 4)]
    [InlineData(3, 0.10, 0, 2)]
    [InlineData(2, 0.00, 0, null)]
    [InlineData(8, 0.30, 0, null)]
    [InlineData(8, 0.10, 500, null)]
    public void ThreadCount_Recommends_HalfMoreOrHalf(int workers, double utilization, double wait, int? to) =>
        (new ThreadCountStrategy().Analyze(Samples.Of(new FakeTunable(workers), utilization, wait))?.To).ShouldBe(to);

    [Fact]
    public void ThreadCount_Reason_HasTheFigures() =>
        new ThreadCountStrategy().Analyze(Samples.Of(new FakeTunable(4), 0.954, 150.26))!.Reason.ShouldBe("4 workers were busy 95 % of the time and work waited 150.3 ms");

    [Theory]
    [InlineData(4, 0.8, 0, 5000, 10, 0)]
    [InlineData(4, 0.8, 0, 5000, 51, null)]
    [InlineData(4, 0.8, 0, 900, 0, null)]
    [InlineData(4, 0.4, 0, 5000, 0, null)]
    [InlineData(4, 0.8, 50, 5000, 0, null)]
    [InlineData(1, 0.8, 0, 5000, 0, null)]
    public void WorkStealing_On_IsSwitchedOffWhereItIsInVain(int workers, double utilization, double wait, long attempts, long steals, int? to) =>
        (new WorkStealingStrategy().Analyze(Samples.Of(new FakeTunable(workers), utilization, wait, executed: 1000, attempts: attempts, steals: steals))?.To).ShouldBe(to);

    [Theory]
    [InlineData(0.5, 50, 1)]
    [InlineData(0.5, 5, null)]
    [InlineData(0.95, 50, null)]
    public void WorkStealing_Off_IsSwitchedOnWhenWorkWaitsBesideParkedWorkers(double utilization, double wait, int? to)
    {
        var runtime = new FakeTunable(4);
        runtime.Set(TuningKnob.WorkStealing, 0);

        (new WorkStealingStrategy().Analyze(Samples.Of(runtime, utilization, wait))?.To).ShouldBe(to);
    }
}
