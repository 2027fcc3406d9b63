using Microsoft.Extensions.DependencyInjection;
using Runtime.Hosting.Jobs;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Jobs;

public sealed class RecurringJobsTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly Script _script = new();

    [Fact]
    public async Task AddRecurringJob_EverySecond_RunsAgainAndAgain()
    {
        await using var host = await JobHost.StartAsync(_script, static builder => builder.Services.AddAsyncRuntime().AddRecurringJob<TickJob>("every-second", "* * * * * ?"));

        await Waiting.UntilAsync(() => Task.FromResult(_script.Runs.Count >= 2));

        var info = (await host.Recurring().ListAsync()).ShouldHaveSingleItem();
        (info.Name, info.JobName, info.Cron, info.TimeZone).ShouldBe(("every-second", "tick", "* * * * * ?", "UTC"));
        var runs = (await host.Jobs().ListAsync(new JobFilter { Schedule = "every-second" })).Jobs;
        runs.Select(static run => run.RunAt.ToUnixTimeSeconds()).ShouldBeUnique();
    }

    [Fact]
    public async Task Put_Trigger_Pause_Remove_DoWhatTheySay()
    {
        await using var host = await JobHost.StartAsync(_script);
        await host.Recurring().PutAsync<ScriptedJob, Number>("yearly", "0 0 1 1 *", new(5));

        var run = await host.Recurring().TriggerAsync("yearly");
        (await run!.WaitAsync().Guard()).State.ShouldBe(JobState.Succeeded);
        _script.Runs.ShouldHaveSingleItem().Value.ShouldBe(5);
        (await Should.ThrowAsync<ArgumentException>(async () => await host.Jobs().PauseAsync(new JobPause(JobPauseScope.Schedule, "yearly", null, DateTimeOffset.MaxValue))))
            .Message.ShouldStartWith("Until is 9999-12-31T23:59:59.9999999+00:00; it must be in the years 2000 to 8999. Leave it out for a pause that somebody has to end.");
        await host.Jobs().PauseAsync(new JobPause(JobPauseScope.Schedule, "yearly", "not this year"));
        (await host.Recurring().ListAsync()).ShouldHaveSingleItem().Pause!.Reason.ShouldBe("not this year");
        (await host.Recurring().TriggerAsync("other")).ShouldBeNull();
        (await host.Recurring().RemoveAsync("yearly")).ShouldBeTrue();
        (await host.Recurring().ListAsync()).ShouldBeEmpty();
    }

    [Fact]
    public void AddRecurringJob_WithABadExpression_SaysSoAtOnce() =>
        Should.Throw<ArgumentException>(static () => new ServiceCollection().AddAsyncRuntime().AddRecurringJob<TickJob>("x", "61 * * * *")).Message
            .ShouldStartWith("The cron expression '61 * * * *' cannot be read: ");

    [Fact]
    public async Task AddRecurringJob_ThatNeverComesDue_IsWarnedOf()
    {
        await using var host = await JobHost.StartAsync(_script, static builder => builder.Services.AddAsyncRuntime().AddRecurringJob<TickJob>("leap", "0 0 0 30 2 ?"));

        (await host.Logs.WaitFor(EventIds.ScheduleNeverDue)).Text.ShouldBe("The recurring job 'leap' never comes due any more: no time is left that '0 0 0 30 2 ?' means.");
        (await host.Recurring().ListAsync()).ShouldHaveSingleItem().Next.ShouldBeNull();
    }

    [Fact]
    public async Task RecurringJob_InAZoneThatIsNotTheSystems_IsRefused()
    {
        var zone = TimeZoneInfo.CreateCustomTimeZone("Mars/Olympus", TimeSpan.FromMinutes(37), null, null);
        const string Message = "The time zone 'Mars/Olympus' is none of the system's, and the store keeps only its id; it must be one that TimeZoneInfo.FindSystemTimeZoneById finds, e.g. Europe/Berlin. (Parameter 'timeZone')";
        await using var host = await JobHost.StartAsync(_script);

        (await Should.ThrowAsync<ArgumentException>(async () => await host.Recurring().PutAsync<ScriptedJob, Number>("mars", "0 0 * * *", new(1), zone))).Message.ShouldBe(Message);
        Should.Throw<ArgumentException>(() => new ServiceCollection().AddAsyncRuntime().AddRecurringJob<TickJob>("mars", "0 0 * * *", zone)).Message.ShouldBe(Message);
    }

    [Fact]
    public async Task AddRecurringJob_OfAJobThatNeedsArguments_SaysSoAtTheStart() =>
        (await Should.ThrowAsync<ArgumentException>(() => TestHost.StartAsync(static builder => builder.Services.AddAsyncRuntime().AddRecurringJob<NeedyJob>("needy", "* * * * *")))).Message
            .ShouldStartWith("The job 'needy' needs arguments: the empty JSON object does not do.");

    [Theory]
    [InlineData("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00Z", "2026-03-29T01:00Z", "2026-03-30T00:30Z")] // spring: 02:30 is left out and runs at 03:00 local
    [InlineData("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00Z", "2026-10-25T00:30Z", "2026-10-26T01:30Z")] // autumn: 02:30 comes twice and runs once
    [InlineData("*/30 * * * *", "Europe/Berlin", "2026-10-25T00:15Z", "2026-10-25T00:30Z", "2026-10-25T01:00Z")] // autumn, an interval: both copies of the hour
    [InlineData("0 0 3 ? * MON", "UTC", "2026-03-01T12:00Z", "2026-03-02T03:00Z", "2026-03-09T03:00Z")] // Quartz's own form
    public void NextAfter_AroundDaylightSaving_IsTheDocumentedTime(string cron, string zone, string from, string first, string second)
    {
        var schedule = CronSchedule.Parse(cron, TimeZoneInfo.FindSystemTimeZoneById(zone));

        var next = schedule.NextAfter(Time(from));
        next.ShouldBe(Time(first));
        schedule.NextAfter(next!.Value).ShouldBe(Time(second));
    }

    [Fact]
    public void Between_AYearOfSeconds_GivesTheLatestAndDoesNotCountThemAll()
    {
        var schedule = CronSchedule.Parse("* * * * * ?", TimeZoneInfo.Utc);

        var times = schedule.Between(Noon.AddYears(-1), Noon, 3);

        times.ShouldBe([Noon.AddSeconds(-2), Noon.AddSeconds(-1), Noon]);
    }

    [Theory]
    [InlineData(MissedRuns.Once, "0")]
    [InlineData(MissedRuns.All, "-180,-120,-60,0")]
    [InlineData(MissedRuns.Skip, "0")]
    public void Chosen_OfMissedTimes_FollowsThePolicy(MissedRuns policy, string minutes)
    {
        var times = new[] { -180, -120, -60, 0 }.Select(static minute => Noon.AddMinutes(minute)).ToList();

        RecurringJobs.Chosen(times, Noon.AddSeconds(1), policy).Select(static time => (int)(time - Noon).TotalMinutes)
            .ShouldBe(minutes.Split(',').Select(static text => int.Parse(text, System.Globalization.CultureInfo.InvariantCulture)));
    }

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

    [Job("needy")]
    private sealed class NeedyJob : IJob<NeedyArguments>
    {
        public ValueTask<JobOutcome> RunAsync(NeedyArguments args, JobContext context, CancellationToken cancellationToken) => new(JobOutcome.Done);
    }

    private sealed record NeedyArguments
    {
        public required string Customer { get; init; }
    }
}
