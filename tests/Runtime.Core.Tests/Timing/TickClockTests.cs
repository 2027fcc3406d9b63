using Runtime.Core.Timing;

namespace Runtime.Core.Tests.Timing;

public sealed class TickClockTests
{
    [Theory]
    [InlineData(1_000)]
    [InlineData(32_768)]
    [InlineData(10_000_000)]
    [InlineData(24_000_000)]
    [InlineData(1_000_000_000)]
    public void TickNotBefore_ForAnyTime_NeverComesEarlyAndAtMostATickLate(long frequency)
    {
        var random = new Random(1);
        var clock = new TickClock(new ManualTime(frequency) { Now = 123_456_789 }, TimeSpan.FromMilliseconds(1));
        for (var i = 0; i < 10_000; i++)
        {
            var timestamp = 123_456_789 + random.NextInt64(frequency * 1_000);

            var start = clock.StartOf(clock.TickNotBefore(timestamp));

            start.ShouldBeInRange(timestamp, timestamp + clock.TickLength - 1);
            clock.StartOf(clock.TickOf(timestamp)).ShouldBeInRange(timestamp - clock.TickLength + 1, timestamp);
            clock.TickNotBefore(timestamp + 1).ShouldBeGreaterThan(clock.TickOf(timestamp));
        }
    }

    [Fact]
    public void Conversions_RoundUp()
    {
        var clock = new TickClock(new ManualTime(frequency: 1_000), TimeSpan.FromMilliseconds(1));

        clock.Units(TimeSpan.FromTicks(1)).ShouldBe(1);
        clock.Units(TimeSpan.FromMilliseconds(2)).ShouldBe(2);
        clock.Units(TimeSpan.FromMilliseconds(2.1)).ShouldBe(3);
        clock.Time(-1).ShouldBe(TimeSpan.Zero);
        clock.Time(3).ShouldBe(TimeSpan.FromMilliseconds(3));

        var odd = new TickClock(new ManualTime(frequency: 24_000_001), TimeSpan.FromMilliseconds(1));
        odd.Time(1).ShouldBe(TimeSpan.FromTicks(1));
        odd.Units(odd.Time(12_345_678)).ShouldBeGreaterThanOrEqualTo(12_345_678);
    }

    [Fact]
    public void Conversions_OfTheLongestTimes_DoNotOverflow()
    {
        var clock = new TickClock(new ManualTime(frequency: 1_000_000_000), TimeSpan.FromMilliseconds(1));
        var longest = TimeSpan.FromMilliseconds(0xFFFF_FFFE);

        clock.Time(clock.Units(longest)).ShouldBe(longest);
    }

    [Fact]
    public void Constructor_WithoutAResolution_Throws()
    {
        Should.Throw<ArgumentOutOfRangeException>(() => new TickClock(TimeProvider.System, TimeSpan.Zero)).ParamName.ShouldBe("resolution");
    }

    internal sealed class ManualTime(long frequency) : TimeProvider
    {
        private long _now;

        public long Now
        {
            get => Volatile.Read(ref _now);
            set => Volatile.Write(ref _now, value);
        }

        /// <summary>Called before each reading.</summary>
        public Action? Reading { get; set; }

        public override long TimestampFrequency => frequency;

        public override long GetTimestamp()
        {
            Reading?.Invoke();
            return Now;
        }
    }
}
