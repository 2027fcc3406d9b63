using System.Numerics;
using Runtime.Core.Timing;

namespace Runtime.Core.Tests.Timing;

public sealed class TimerSlackTests
{
    [Fact]
    public void Choose_AgainstEveryTickOfTheStretch_IsTheRoundest()
    {
        for (var earliest = 1L; earliest < 600; earliest++)
        {
            for (var latest = earliest; latest < earliest + 150; latest++)
            {
                var best = Enumerable.Range(0, (int)(latest - earliest) + 1).Select(i => earliest + i).MaxBy(BitOperations.TrailingZeroCount);

                TimerSlack.Choose(earliest, latest).ShouldBe(best, $"{earliest} to {latest}");
            }
        }
    }

    [Theory]
    [InlineData(1, long.MaxValue, 1L << 62)]
    [InlineData((1L << 40) + 1, (1L << 40) + 1, (1L << 40) + 1)]
    [InlineData((1L << 40) - 3, (1L << 40) + 3, 1L << 40)]
    public void Choose_OfGreatTicks_IsExact(long earliest, long latest, long chosen) => TimerSlack.Choose(earliest, latest).ShouldBe(chosen);

    [Fact]
    public void WithSlack_OutOfRange_Throws()
    {
        using var timers = new RuntimeTimers(start: false);

        Should.Throw<ArgumentOutOfRangeException>(() => timers.Provider.WithSlack(TimeSpan.FromTicks(-1))).ParamName.ShouldBe("slack");
        Should.Throw<ArgumentOutOfRangeException>(() => timers.Provider.WithSlack(TimeSpan.FromDays(50))).ParamName.ShouldBe("slack");
        timers.Provider.WithSlack(TimeSpan.FromDays(49)).Slack.ShouldBe(TimeSpan.FromDays(49));
    }
}
