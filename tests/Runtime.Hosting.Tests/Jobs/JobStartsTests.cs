using Runtime.Hosting.Jobs;

namespace Runtime.Hosting.Tests.Jobs;

public sealed class JobStartsTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(JobStarts.MostEntries)]
    [InlineData(1000)]
    public void Room_WhateverTheLoad_NeverAllowsMoreInAnyPeriod_AndNearlyAsMany(int limit)
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var rate = new JobRate(limit, TimeSpan.FromSeconds(10));
        var starts = new JobStarts();
        var log = new List<DateTimeOffset>();
        var now = Noon;
        for (var end = Noon + (rate.Period * 60); now < end;)
        {
            var room = starts.Room(rate, now);
            var some = Math.Min(room, 1 + random.Next(Math.Max(1, limit / 50)));
            starts.Add(some, rate.Period, now);
            starts = new(starts.ToArray());
            log.AddRange(Enumerable.Repeat(now, some));
            var next = starts.FreeAt(rate, now);
            (starts.Room(rate, now) == 0).ShouldBe(next > now, $"seed {seed}");
            now = random.Next(2) == 0 ? next : now + TimeSpan.FromMilliseconds(random.Next(1, 50));
        }

        for (var i = limit; i < log.Count; i++)
        {
            (log[i] - log[i - limit]).ShouldBeGreaterThanOrEqualTo(rate.Period, $"seed {seed}: {limit + 1} starts");
        }

        log.Count.ShouldBeGreaterThan((int)(60 * limit * 0.85), $"seed {seed}");
    }

    [Fact]
    public void FreeAt_OfAFullWindow_IsTheTimeAtWhichThereIsRoom()
    {
        var rate = new JobRate(3, TimeSpan.FromSeconds(10));
        var starts = new JobStarts();
        starts.Add(1, rate.Period, Noon);
        starts.Add(2, rate.Period, Noon.AddSeconds(4));

        starts.FreeAt(rate, Noon.AddSeconds(4)).ShouldBe(Noon.AddSeconds(10));
        starts.Room(rate, Noon.AddSeconds(10)).ShouldBe(1);
        starts.FreeAt(rate with { Limit = 2 }, Noon.AddSeconds(4)).ShouldBe(Noon.AddSeconds(14));
    }

    [Fact]
    public void Return_OfStartsThatDidNotHappen_MakesRoomAgain()
    {
        var rate = new JobRate(5, TimeSpan.FromSeconds(10));
        var starts = new JobStarts();
        starts.Add(4, rate.Period, Noon);
        starts.Add(1, rate.Period, Noon.AddSeconds(1));

        starts.Return(3, Noon);

        starts.Room(rate, Noon.AddSeconds(1)).ShouldBe(3);
    }

    [Fact]
    public void ALongerPeriod_OfAnotherJobOfTheKey_KeepsWhatItNeeds()
    {
        var starts = new JobStarts();
        starts.Add(1, TimeSpan.FromHours(1), Noon);
        starts.Add(1, TimeSpan.FromSeconds(1), Noon.AddMinutes(30));

        starts.Room(new JobRate(2, TimeSpan.FromHours(1)), Noon.AddMinutes(59)).ShouldBe(0);
        starts.CountUntil.ShouldBe(Noon.AddMinutes(90));
        starts.Room(new JobRate(2, TimeSpan.FromMinutes(1)), Noon.AddMinutes(31) - TimeSpan.FromTicks(1)).ShouldBe(1);
        starts.Room(new JobRate(2, TimeSpan.FromMinutes(1)), Noon.AddMinutes(31)).ShouldBe(2, "a start counts for a period, and not at its end");
    }
}
