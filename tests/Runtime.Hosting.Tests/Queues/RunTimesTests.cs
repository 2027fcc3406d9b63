using Runtime.Hosting.Queues;

namespace Runtime.Hosting.Tests.Queues;

public sealed class RunTimesTests
{
    [Fact]
    public void Add_TheFirst_AreAPlainMeanAndVariance()
    {
        var times = default(RunTimes);
        long[] values = [2, 4, 4, 4, 5, 5, 7, 9];
        foreach (var value in values)
        {
            times.Add(value);
        }

        times.Mean.ShouldBe(5, 1e-9);
        times.Variance.ShouldBe(4, 1e-9);
        times.IsKnown.ShouldBeFalse();
    }

    [Fact]
    public void Add_TheLoadChanges_IsFollowedWithinSomeHundredItems()
    {
        var times = default(RunTimes);
        for (var i = 0; i < 10_000; i++)
        {
            times.Add(100);
        }

        for (var i = 0; i < 500; i++)
        {
            times.Add(1000);
        }

        times.IsKnown.ShouldBeTrue();
        times.Mean.ShouldBe(1000, 20);
    }
}
