using Runtime.Core;
using Runtime.Hosting;
using Runtime.Hosting.Jobs;

namespace Runtime.Jobs.Conformance;

/// <summary>Rates of keys and of queues, and what they do to places, pauses and one another.</summary>
public abstract partial class JobStoreConformanceTests
{
    private static readonly TimeSpan Instant = TimeSpan.FromMilliseconds(1);
    private static readonly JobRate TwoAnHour = new(2, TimeSpan.FromHours(1));

    private static NewJob Rated(JobRate rate, string key = "r") => Job() with { RateKey = key, RateLimit = rate.Limit, RatePeriod = rate.Period };

    [Fact]
    public async Task RateKey_UsedUp_HoldsTheNextUntilTheFirstCountsNoMore()
    {
        var ids = new List<Guid>();
        for (var i = 0; i < 5; i++)
        {
            ids.Add(await EnqueueAsync(Rated(TwoAnHour)));
        }

        var other = await EnqueueAsync(Rated(TwoAnHour, "another"));
        var claims = await ClaimAsync();
        claims.Jobs.Select(static job => job.Job.Id).ShouldBe([ids[0], ids[1], other]);
        claims.NextDue.ShouldBe(Hour);
        var held = await GetAsync(ids[2]);
        (held.State, held.Reason, held.RateKey).ShouldBe((JobState.Blocked, "The rate key 'r' allows 2 starts in 01:00:00.", "r"));

        Clock.Advance(Hour - Instant);
        claims = await ClaimAsync();
        (claims.Jobs.Count, claims.NextDue).ShouldBe((0, Instant));
        Clock.Advance(Instant);

        (await ClaimAsync()).Jobs.Select(static job => job.Job.Id).ShouldBe([ids[2], ids[3]]);
        (await GetAsync(ids[4])).State.ShouldBe(JobState.Blocked);
        (await GetAsync(ids[2])).Reason.ShouldBeNull();
    }

    [Fact]
    public async Task RateKey_LooksAtTheLastPeriod_NotAtOneOfTheClock()
    {
        await EnqueueAsync(Rated(TwoAnHour));
        (await ClaimAsync()).Jobs.Count.ShouldBe(1);
        Clock.Advance(Hour - Instant);
        await EnqueueAsync(Rated(TwoAnHour));
        await EnqueueAsync(Rated(TwoAnHour));
        await EnqueueAsync(Rated(TwoAnHour));
        (await ClaimAsync()).Jobs.Count.ShouldBe(1);

        Clock.Advance(Instant); // the first counts no more, the second does for all but an instant of an hour
        var claims = await ClaimAsync();

        (claims.Jobs.Count, claims.NextDue).ShouldBe((1, Hour - Instant));
    }

    [Fact]
    public async Task RateKey_EachAttempt_IsAStart()
    {
        var id = await EnqueueAsync(Rated(TwoAnHour));
        for (var i = 0; i < 2; i++)
        {
            await EndAsync((await ClaimAsync()).Jobs.ShouldHaveSingleItem(), JobEndingKind.Retry);
        }

        (await ClaimAsync()).Jobs.ShouldBeEmpty();
        (await GetAsync(id)).Attempt.ShouldBe(2, "the held start is no attempt");
        Clock.Advance(Hour);
        (await ClaimAsync()).Jobs.ShouldHaveSingleItem().Attempt.ShouldBe(3);
    }

    [Fact]
    public async Task RateKey_ThatWasHeld_StartsTheMostUrgentFirst()
    {
        await EnqueueAsync(Rated(new(1, Hour)));
        (await ClaimAsync()).Jobs.Count.ShouldBe(1);
        await EnqueueAsync(Rated(new(1, Hour)));
        (await ClaimAsync()).Jobs.ShouldBeEmpty();
        var urgent = await EnqueueAsync(Rated(new(1, Hour)) with { Priority = TaskPriority.High });
        (await ClaimAsync()).Jobs.ShouldBeEmpty();

        Clock.Advance(Hour);

        (await ClaimAsync()).Jobs.ShouldHaveSingleItem().Job.Id.ShouldBe(urgent);
    }

    [Fact]
    public async Task RateKey_JobsThatWaitAndAreCancelledOrDiscarded_LeaveTheirTurnToOthers()
    {
        var rate = new JobRate(1, Hour);
        await EnqueueAsync(Rated(rate));
        var cancelled = await EnqueueAsync(Rated(rate));
        var discarded = await EnqueueAsync(Rated(rate));
        var last = await EnqueueAsync(Rated(rate));
        (await ClaimAsync()).Jobs.Count.ShouldBe(1);
        await Store.CancelAsync(cancelled, null, CancellationToken.None);
        await Store.DiscardAsync(new JobFilter { Ids = [discarded] }, CancellationToken.None);

        Clock.Advance(Hour);
        (await ClaimAsync()).Jobs.ShouldHaveSingleItem().Job.Id.ShouldBe(last);
        Clock.Advance(Hour);
        await Store.RetryAsync(new JobFilter { Ids = [cancelled] }, CancellationToken.None);
        (await ClaimAsync()).Jobs.ShouldHaveSingleItem().Job.Id.ShouldBe(cancelled);
    }

    [Fact]
    public async Task RateKey_HeldAJobThatIsRetriedAndThenWaitsForAPlace_ItGetsThePlace()
    {
        await EnqueueAsync(Rated(new(1, Hour)));
        var held = await EnqueueAsync(Rated(new(1, Hour)) with { ConcurrencyKey = "k" });
        (await ClaimAsync()).Jobs.Count.ShouldBe(1);
        await Store.CancelAsync(held, null, CancellationToken.None);
        Clock.Advance(Hour);
        await EnqueueAsync(Job() with { ConcurrencyKey = "k" });
        var running = (await ClaimAsync()).Jobs.ShouldHaveSingleItem();
        await Store.RetryAsync(new JobFilter { Ids = [held] }, CancellationToken.None);
        (await ClaimAsync()).Jobs.ShouldBeEmpty();
        (await GetAsync(held)).Reason.ShouldBe("The 1 places of the concurrency key 'k' are taken.");

        await EndAsync(running, JobEndingKind.Succeeded);

        (await ClaimAsync()).Jobs.ShouldHaveSingleItem().Job.Id.ShouldBe(held);
    }

    [Fact]
    public async Task RateKey_ThatHoldsAJobWithAPlace_LeavesThePlaceToTheNext()
    {
        await EnqueueAsync(Rated(new(1, Hour)));
        await EnqueueAsync(Job() with { ConcurrencyKey = "k" });
        var held = await EnqueueAsync(Rated(new(1, Hour)) with { ConcurrencyKey = "k" });
        var next = await EnqueueAsync(Job(queue: "elsewhere") with { ConcurrencyKey = "k" });
        var running = (await ClaimAsync()).Jobs;
        running.Count.ShouldBe(2);

        await EndAsync(running.Single(static job => job.Job.ConcurrencyKey is not null), JobEndingKind.Succeeded);

        var passedOn = (await ClaimUntilEmptyAsync()).ShouldHaveSingleItem();
        passedOn.Job.Id.ShouldBe(next);
        Clock.Advance(Hour);
        (await ClaimUntilEmptyAsync()).ShouldBeEmpty("the place is taken");
        (await GetAsync(held)).Reason.ShouldBe("The 1 places of the concurrency key 'k' are taken.");
        await EndAsync(passedOn, JobEndingKind.Succeeded);
        (await ClaimUntilEmptyAsync()).ShouldHaveSingleItem().Job.Id.ShouldBe(held);
    }

    [Fact]
    public async Task Pause_OfAKindThatHasJustBeenGivenAPlace_LeavesThePlaceToTheNext()
    {
        var keyed = Job() with { ConcurrencyKey = "k" };
        await EnqueueAsync(keyed);
        await EnqueueAsync(Job("paused") with { ConcurrencyKey = "k" });
        var next = await EnqueueAsync(keyed with { Id = Guid.CreateVersion7(), Queue = "elsewhere" });
        await EndAsync((await ClaimAsync()).Jobs.ShouldHaveSingleItem(), JobEndingKind.Succeeded);

        await Store.PauseAsync(new JobPause(JobPauseScope.Name, "paused"), CancellationToken.None);

        (await ClaimUntilEmptyAsync()).ShouldHaveSingleItem().Job.Id.ShouldBe(next);
    }

    [Fact]
    public async Task RateKey_ClockIsSetBackByAYear_HoldsForOnePeriod()
    {
        await EnqueueAsync(Rated(new(1, Hour)));
        (await ClaimAsync()).Jobs.Count.ShouldBe(1);
        Clock.Advance(TimeSpan.FromDays(-365));
        var next = await EnqueueAsync(Rated(new(1, Hour)));
        var claims = await ClaimAsync();
        (claims.Jobs.Count, claims.NextDue).ShouldBe((0, Hour));

        Clock.Advance(Hour);

        (await ClaimAsync()).Jobs.ShouldHaveSingleItem().Job.Id.ShouldBe(next);
    }

    [Fact]
    public async Task RateOfQueue_UsedUp_LeavesTheRestQueued_AndOthersPass()
    {
        var ids = new List<Guid>();
        for (var i = 0; i < 5; i++)
        {
            ids.Add(await EnqueueAsync(Job(queue: "slow")));
        }

        await EnqueueAsync(Job());
        var claims = await ClaimRatedAsync();
        claims.Jobs.Select(static job => job.Job.Queue).Order(StringComparer.Ordinal).ShouldBe(["default", "slow", "slow"]);
        claims.NextDue.ShouldBe(Hour);
        (await GetAsync(ids[2])).State.ShouldBe(JobState.Queued);
        await EnqueueAsync(Job());
        (await ClaimRatedAsync()).Jobs.ShouldHaveSingleItem().Job.Queue.ShouldBe("default");

        Clock.Advance(Hour);

        (await ClaimRatedAsync()).Jobs.Select(static job => job.Job.Id).ShouldBe([ids[2], ids[3]]);
        (await ClaimAsync()).Jobs.Count.ShouldBe(1, "a node without that rate is not held to it");
    }

    [Fact]
    public async Task RateOfQueue_WithLessToRunThanItAllows_KeepsTheRestForLater()
    {
        await EnqueueAsync(Job(queue: "slow"));
        (await ClaimRatedAsync()).Jobs.Count.ShouldBe(1);
        (await ClaimRatedAsync()).Jobs.ShouldBeEmpty();
        await EnqueueAsync(Job(queue: "slow"));
        await EnqueueAsync(Job(queue: "slow"));

        (await ClaimRatedAsync()).Jobs.Count.ShouldBe(1);
    }

    [Fact]
    public async Task RateOfQueue_JobsThatAreSetAside_AreNoStarts()
    {
        await Store.PauseAsync(new JobPause(JobPauseScope.Name, "paused"), CancellationToken.None);
        await EnqueueAsync(Job("paused", "slow"));
        await EnqueueAsync(Job("paused", "slow"));
        (await ClaimRatedAsync()).Jobs.ShouldBeEmpty();
        await EnqueueAsync(Job(queue: "slow"));
        await EnqueueAsync(Job(queue: "slow"));

        (await ClaimRatedAsync()).Jobs.Count.ShouldBe(2);
    }

    [Fact]
    public async Task RandomRates_OfManyKeys_AreNeverExceeded_AndAllJobsRun()
    {
        var seed = Environment.TickCount;
        try
        {
            await RunRatesAsync(new Random(seed));
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"Seed {seed}: {exception.Message}", exception);
        }
    }

    private async Task RunRatesAsync(Random random)
    {
        const int Jobs = 200;
        var rates = Enumerable.Range(0, 3).Select(_ => new JobRate(1 + random.Next(20), TimeSpan.FromSeconds(1 + random.Next(60)))).ToList();
        var starts = rates.ConvertAll(static _ => new List<DateTimeOffset>());
        var running = new List<ClaimedJob>();
        var ended = 0;
        for (var enqueued = 0; ended < Jobs;)
        {
            for (var some = random.Next(20); some > 0 && enqueued < Jobs; some--, enqueued++)
            {
                var key = random.Next(rates.Count);
                await EnqueueAsync(Rated(rates[key], "r" + key) with
                {
                    ConcurrencyKey = random.Next(3) == 0 ? "k" : null, ConcurrencyLimit = 2, Priority = (TaskPriority)random.Next(5), Queue = "q" + random.Next(2),
                });
            }

            var claims = await ClaimAsync(1 + random.Next(20));
            foreach (var job in claims.Jobs)
            {
                var key = job.Job.RateKey![1] - '0';
                starts[key].Add(Clock.GetUtcNow());
                starts[key].Count(start => start > Clock.GetUtcNow() - rates[key].Period).ShouldBeLessThanOrEqualTo(rates[key].Limit);
            }

            running.AddRange(claims.Jobs);
            var isStuck = running.Count == 0 && !claims.MayHaveMore && enqueued == Jobs;
            foreach (var job in running.Where(_ => random.Next(2) == 0).ToList())
            {
                running.Remove(job);
                var again = random.Next(5) == 0 && job.Attempt < job.Job.MaxAttempts;
                (await EndAsync(job, again ? JobEndingKind.Retry : JobEndingKind.Succeeded)).ShouldBeTrue();
                ended += again ? 0 : 1;
            }

            if (isStuck)
            {
                Clock.Advance(claims.NextDue.ShouldNotBeNull("jobs are left, and nothing says when"));
            }
            else if (random.Next(3) == 0)
            {
                Clock.Advance(TimeSpan.FromMilliseconds(random.Next(3000)));
            }
        }
    }

    private async Task<List<ClaimedJob>> ClaimUntilEmptyAsync()
    {
        var claimed = new List<ClaimedJob>();
        for (var claims = await ClaimAsync(); ; claims = await ClaimAsync())
        {
            claimed.AddRange(claims.Jobs);
            if (claims.Jobs.Count == 0 && !claims.MayHaveMore)
            {
                return claimed;
            }
        }
    }

    private async Task<JobClaims> ClaimRatedAsync() => await Store.ClaimAsync(
        new JobClaimRequest { Room = 100, StarvationThreshold = TimeSpan.FromDays(1), RateOfQueue = new Dictionary<string, JobRate>(StringComparer.Ordinal) { ["slow"] = TwoAnHour } },
        CancellationToken.None);
}
