using System.Globalization;
using Runtime.Hosting.Jobs;

namespace Runtime.Hosting.Tests.Jobs;

/// <summary>Cron expressions against a reader of their own that walks through every minute: years, zones, and their changes of daylight saving.</summary>
public sealed class CronScheduleTests
{
    private readonly int _seed = Environment.TickCount;

    // Changes at night and at midnight, south of the equator, and none at all.
    public static TheoryData<string, int> ZonesAndYears => new()
    {
        { "Europe/Berlin", 2026 }, { "America/New_York", 2024 }, { "America/Sao_Paulo", 2018 }, { "Asia/Beirut", 2023 }, { "Asia/Kathmandu", 2026 }, { "UTC", 2028 },
    };

    // A change by half an hour, one at a minute past midnight, a winter that is the exception, and a day that was left out. Here Quartz is a run off now and then.
    public static TheoryData<string, int> OddZonesAndYears => new()
    {
        { "Australia/Lord_Howe", 2025 }, { "America/St_Johns", 2010 }, { "Africa/Casablanca", 2025 }, { "Africa/Casablanca", 2026 }, { "Pacific/Apia", 2011 },
    };

    [Theory]
    [MemberData(nameof(ZonesAndYears))]
    public void FixedTime_ComesOnceOnEachDayThatThereIs(string zone, int year)
    {
        var random = new Random(_seed);
        var info = TimeZoneInfo.FindSystemTimeZoneById(zone);
        var days = Days(info, year).Where(IsWhole).ToList();
        foreach (var (hour, minute) in Enumerable.Range(0, 5).Select(_ => (random.Next(24), random.Next(60))).Concat([(0, 0), (0, 30), (1, 30), (2, 0), (2, 30), (3, 0), (23, 59)]))
        {
            var cron = string.Create(CultureInfo.InvariantCulture, $"{minute} {hour} * * *");
            var about = $"{cron} in {zone}, {year}, seed {_seed}";
            var runs = Runs(cron, info, year);

            // The first and the last day of the year begin and end elsewhere in another zone.
            runs.Select(run => TimeZoneInfo.ConvertTime(run, info).Date).Where(IsWhole).ShouldBe(days, about);
            foreach (var run in runs)
            {
                var local = TimeZoneInfo.ConvertTime(run, info);
                var due = local.Date.AddHours(hour).AddMinutes(minute);
                if (!info.IsInvalidTime(due))
                {
                    local.DateTime.ShouldBe(due, about);
                }
                else
                {
                    info.IsInvalidTime(local.DateTime.AddMinutes(-1)).ShouldBeTrue($"{about}: {local} is not the first moment after the gap");
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(ZonesAndYears))]
    public void Intervals_ComeInEveryMinuteThatFits(string zone, int year)
    {
        var info = TimeZoneInfo.FindSystemTimeZoneById(zone);
        foreach (var step in (int[])[7, 30])
        {
            var cron = string.Create(CultureInfo.InvariantCulture, $"*/{step} * * * *");
            var expected = Minutes(year).Where(minute => TimeZoneInfo.ConvertTime(minute, info).Minute % step == 0).ToList();

            var runs = Runs(cron, info, year);
            expected.Except(runs).ShouldBeEmpty($"left out: {cron} in {zone}, {year}");
            runs.Except(expected).ShouldBeEmpty($"too many: {cron} in {zone}, {year}");
        }
    }

    [Theory]
    [MemberData(nameof(OddZonesAndYears))]
    public void InOddZones_TimeGoesOn_AndAtMostOneRunOfADayIsAmiss(string zone, int year)
    {
        var info = TimeZoneInfo.FindSystemTimeZoneById(zone);
        for (var hour = 0; hour < 24; hour++)
        {
            Runs(string.Create(CultureInfo.InvariantCulture, $"0 {hour} * * *"), info, year).Count.ShouldBeInRange(363, 367, $"hour {hour} in {zone}, {year}"); // each is later than the one before: see there
        }
    }

    [Theory]
    [InlineData("15 6 1,15 * *", "Europe/Berlin", 2026)]
    [InlineData("0 12 29 2 *", "UTC", 2028)]
    [InlineData("45 23 * 1-3 1-5", "America/New_York", 2024)]
    [InlineData("10 4,16 * 6 0", "Asia/Kathmandu", 2026)]
    public void DaysMonthsAndWeekdays_AreThoseThatTheExpressionNames(string cron, string zone, int year)
    {
        var info = TimeZoneInfo.FindSystemTimeZoneById(zone);
        var fields = cron.Split(' ');
        var expected = Minutes(year).Where(minute =>
        {
            var local = TimeZoneInfo.ConvertTime(minute, info);
            return Fits(fields[0], local.Minute) && Fits(fields[1], local.Hour) && Fits(fields[2], local.Day) && Fits(fields[3], local.Month) && Fits(fields[4], (int)local.DayOfWeek);
        }).ToList();

        expected.ShouldNotBeEmpty();
        Runs(cron, info, year).ShouldBe(expected, $"{cron} in {zone}, {year}");
    }

    private static bool IsWhole(DateTime day) => day is not ({ Month: 1, Day: 1 } or { Month: 12, Day: 31 });

    private static bool Fits(string field, int value) => field == "*" || field.Split(',').Any(part =>
    {
        var ends = part.Split('-').Select(static end => int.Parse(end, CultureInfo.InvariantCulture)).ToList();
        return value >= ends[0] && value <= ends[^1];
    });

    private static List<DateTimeOffset> Runs(string cron, TimeZoneInfo zone, int year)
    {
        var schedule = CronSchedule.Parse(cron, zone);
        var (from, to) = Range(year);
        var runs = new List<DateTimeOffset>();
        for (var next = schedule.NextAfter(from.AddTicks(-1)); next < to; next = schedule.NextAfter(next.Value))
        {
            next.Value.ShouldBeGreaterThan(runs.Count == 0 ? from.AddTicks(-1) : runs[^1], $"{cron} in {zone.Id}: the next time does not come after the one before");
            runs.Add(next.Value);
        }

        return runs;
    }

    private static List<DateTime> Days(TimeZoneInfo zone, int year) =>
        [.. Minutes(year).Where(static minute => minute.Minute is 0 or 30).Select(minute => TimeZoneInfo.ConvertTime(minute, zone).Date).Distinct()];

    private static IEnumerable<DateTimeOffset> Minutes(int year)
    {
        var (from, to) = Range(year);
        for (var minute = from; minute < to; minute = minute.AddMinutes(1))
        {
            yield return minute;
        }
    }

    private static (DateTimeOffset From, DateTimeOffset To) Range(int year) => (new(year, 1, 1, 0, 0, 0, TimeSpan.Zero), new(year + 1, 1, 1, 0, 0, 0, TimeSpan.Zero));
}
