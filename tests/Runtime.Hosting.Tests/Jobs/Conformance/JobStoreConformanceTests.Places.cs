using Runtime.Hosting;
using Runtime.Hosting.Jobs;

namespace Runtime.Jobs.Conformance;

/// <summary>A place under a concurrency key is never lost with a job that was queued for it and does not run.</summary>
public abstract partial class JobStoreConformanceTests
{
    [Theory]
    [InlineData("cancel")]
    [InlineData("cancel by filter")]
    [InlineData("discard")]
    public async Task Place_OfAJobThatGoesUnrun_IsTheNextOnes(string how)
    {
        var (running, second, third) = await QueueBehindAsync("default", "default");
        await EndAsync(running, JobEndingKind.Succeeded);
        (await GetAsync(second)).State.ShouldBe(JobState.Queued, "the place was given to it");
        (await GetAsync(third)).State.ShouldBe(JobState.Blocked);

        switch (how)
        {
            case "cancel":
                await Store.CancelAsync(second, null, CancellationToken.None);
                break;
            case "cancel by filter":
                await Store.CancelAsync(new JobFilter { Ids = [second] }, null, CancellationToken.None);
                break;
            default:
                await Store.DiscardAsync(new JobFilter { Ids = [second] }, CancellationToken.None);
                break;
        }

        (await ClaimAsync()).Jobs.ShouldHaveSingleItem().Job.Id.ShouldBe(third);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Place_OfAPausedQueue_IsThatOfAnother_AndItsOwnAgainWhenItGoesOn(bool isPausedBefore)
    {
        var (running, second, third) = await QueueBehindAsync("side", "default");
        if (isPausedBefore)
        {
            await Store.PauseAsync(new JobPause(JobPauseScope.Queue, "side"), CancellationToken.None);
            await EndAsync(running, JobEndingKind.Succeeded);
        }
        else
        {
            await EndAsync(running, JobEndingKind.Succeeded);
            await Store.PauseAsync(new JobPause(JobPauseScope.Queue, "side"), CancellationToken.None);
        }

        var other = (await ClaimAsync()).Jobs.ShouldHaveSingleItem();
        other.Job.Id.ShouldBe(third);
        await EndAsync(other, JobEndingKind.Succeeded);
        (await ClaimAsync()).Jobs.ShouldBeEmpty();
        await Store.ResumeAsync(JobPauseScope.Queue, "side", CancellationToken.None);
        (await ClaimAsync()).Jobs.ShouldHaveSingleItem().Job.Id.ShouldBe(second);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Pause_UntilTheEndOrTheBeginningOfTime_HoldsUpNothingElse(bool isEnd)
    {
        await EnqueueAsync(Job(queue: "side"));
        var id = await EnqueueAsync(Job());
        await Store.PauseAsync(new JobPause(JobPauseScope.Queue, "side", null, isEnd ? DateTimeOffset.MaxValue : DateTimeOffset.MinValue), CancellationToken.None);

        var claimed = new List<Guid>();
        for (var i = 0; i < 3; i++)
        {
            claimed.AddRange((await ClaimAsync()).Jobs.Select(static job => job.Job.Id)); // a pause that is over ends with a claim
        }

        claimed.ShouldContain(id);
        claimed.Count.ShouldBe(isEnd ? 1 : 2);
    }

    [Fact]
    public async Task AJob_ThatWasSetAsideBeforeItsFirstRun_HasNotStarted()
    {
        var (running, second, _) = await QueueBehindAsync("default", "default");

        var blocked = await GetAsync(second);

        (blocked.State, blocked.Attempt, blocked.StartedAt, blocked.Node).ShouldBe((JobState.Blocked, 0, null, null));
        (await GetAsync(running.Job.Id)).StartedAt.ShouldNotBeNull();
    }

    [Fact]
    public async Task Cancel_ByFilter_OfAChainAndABatch_EndsEachForTheCallersReason()
    {
        var parent = await EnqueueAsync(Job());
        var child = await EnqueueAsync(Job() with { After = parent });
        var grandchild = await EnqueueAsync(Job() with { After = child, On = JobContinuation.Failure });
        var batch = Job("runtime:batch") with { Members = 2 };
        var members = new[] { Job() with { Batch = batch.Id }, Job() with { Batch = batch.Id } };
        await Store.EnqueueAsync([batch, .. members], null, CancellationToken.None);
        var afterwards = await EnqueueAsync(Job() with { After = batch.Id, On = JobContinuation.Any });

        (await Store.CancelAsync(new JobFilter(), "enough", CancellationToken.None)).ShouldBe(7);

        foreach (var id in new[] { parent, child, grandchild, batch.Id, members[0].Id, members[1].Id, afterwards })
        {
            var job = await GetAsync(id);
            (job.State, job.Reason).ShouldBe((JobState.Cancelled, "enough"));
        }
    }

    [Fact]
    public async Task RandomMeddling_WithJobsUnderKeys_LeavesNobodyBehind()
    {
        var seed = Environment.TickCount;
        try
        {
            await MeddleAsync(seed);
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"Seed {seed}: {exception.Message}", exception);
        }
    }

    private async Task MeddleAsync(int seed)
    {
        var random = new Random(seed);
        var running = new List<ClaimedJob>();
        for (var step = 0; step < 800; step++)
        {
            var key = random.Next(3);
            var pause = new JobPause(random.Next(3) == 0 ? JobPauseScope.Name : JobPauseScope.Queue, random.Next(2) == 0 ? "known" : "q0");
            var waiting = (await Store.ListAsync(new JobFilter { States = [JobState.Queued, JobState.Blocked], PageSize = 1000 }, CancellationToken.None)).Jobs;
            JobFilter one = new() { Ids = [waiting.Count > 0 ? waiting[random.Next(waiting.Count)].Id : Guid.NewGuid()] };
            switch (random.Next(13))
            {
                case < 5:
                    await EnqueueAsync(Job(random.Next(2) == 0 ? "known" : "another", "q" + random.Next(2)) with { ConcurrencyKey = "k" + key, ConcurrencyLimit = 1 + key });
                    break;
                case < 7:
                    running.AddRange((await ClaimAsync(room: 1 + random.Next(3))).Jobs);
                    break;
                case 7 when running.Count > 0:
                    var ended = running[random.Next(running.Count)];
                    running.Remove(ended);
                    await EndAsync(ended, random.Next(4) == 0 && ended.Attempt < ended.Job.MaxAttempts ? JobEndingKind.Retry : JobEndingKind.Succeeded);
                    break;
                case 8:
                    await Store.CancelAsync(one.Ids[0], null, CancellationToken.None);
                    break;
                case 9:
                    await Store.CancelAsync(one, null, CancellationToken.None);
                    break;
                case 10:
                    await Store.DiscardAsync(one, CancellationToken.None);
                    break;
                case 11:
                    await Store.PauseAsync(pause, CancellationToken.None);
                    break;
                default:
                    await Store.ResumeAsync(pause.Scope, pause.Key, CancellationToken.None);
                    break;
            }

            await ShouldWaitForSomebodyAsync(running, $"step {step}");
        }
    }

    // Who waits for a place, and might run, waits for one that has it, or for one in a queue whose turn will come.
    private async Task ShouldWaitForSomebodyAsync(List<ClaimedJob> running, string step)
    {
        var pauses = await Store.ListPausesAsync(CancellationToken.None);
        var waiting = (await Store.ListAsync(new JobFilter { States = [JobState.Queued, JobState.Blocked], PageSize = 1000 }, CancellationToken.None)).Jobs
            .Where(job => !pauses.Contains(new JobPause(JobPauseScope.Queue, job.Queue))).ToLookup(static job => job.State);
        foreach (var job in waiting[JobState.Blocked].Where(job => !pauses.Contains(new JobPause(JobPauseScope.Name, job.Name))))
        {
            var isFull = running.Count(one => one.Job.ConcurrencyKey == job.ConcurrencyKey) > job.ConcurrencyKey![^1] - '0'; // the limit of "k0" is 1, and so on
            (isFull || waiting[JobState.Queued].Any(one => one.ConcurrencyKey == job.ConcurrencyKey)).ShouldBeTrue($"{step}: {job.Id} waits for a place under '{job.ConcurrencyKey}' that nobody has. {job.Reason}");
        }
    }

    private async Task<(ClaimedJob Running, Guid Second, Guid Third)> QueueBehindAsync(string queueOfSecond, string queueOfThird)
    {
        await EnqueueAsync(Job() with { ConcurrencyKey = "k" });
        var running = (await ClaimAsync()).Jobs.ShouldHaveSingleItem();
        var second = await EnqueueAsync(Job(queue: queueOfSecond) with { ConcurrencyKey = "k" });
        var third = await EnqueueAsync(Job(queue: queueOfThird) with { ConcurrencyKey = "k" });
        (await ClaimAsync()).Jobs.ShouldBeEmpty();
        return (running, second, third);
    }
}
