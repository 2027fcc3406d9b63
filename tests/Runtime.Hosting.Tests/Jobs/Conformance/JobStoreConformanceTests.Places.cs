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

    // Two clients of a few keys and two who run the jobs, beside one who cancels, discards, pauses and resumes.
    private async Task MeddleAsync(int seed)
    {
        const int Steps = 250;
        var left = 3;
        var meddler = RunAsync(0, async random =>
        {
            var jobs = (await Store.ListAsync(new JobFilter { States = [JobState.Queued, JobState.Blocked], PageSize = 20 }, CancellationToken.None)).Jobs;
            JobFilter one = new() { Ids = jobs.Count > 0 ? [jobs[random.Next(jobs.Count)].Id] : [Guid.NewGuid()] };
            var pause = new JobPause(random.Next(3) == 0 ? JobPauseScope.Name : JobPauseScope.Queue, random.Next(2) == 0 ? "known" : "q0");
            await (random.Next(5) switch
            {
                0 => Store.CancelAsync(one.Ids[0], null, CancellationToken.None).AsTask(),
                1 => Store.CancelAsync(one, null, CancellationToken.None).AsTask(),
                2 => Store.DiscardAsync(one, CancellationToken.None).AsTask(),
                3 => Store.PauseAsync(pause, CancellationToken.None).AsTask(),
                _ => Store.ResumeAsync(pause.Scope, pause.Key, CancellationToken.None).AsTask(),
            });
        });
        var clients = Enumerable.Range(1, 2).Select(client => RunAsync(client, async random =>
            await EnqueueAsync(Job(random.Next(2) == 0 ? "known" : "another", "q" + random.Next(2)) with { ConcurrencyKey = "k" + random.Next(3), ConcurrencyLimit = 1 + random.Next(2) })));
        var all = Task.WhenAll([meddler, .. clients]);
        var runners = Task.WhenAll(Enumerable.Range(3, 2).Select(runner => Task.Run(async () =>
        {
            var random = new Random(seed + runner);
            while (Volatile.Read(ref left) > 0)
            {
                foreach (var job in (await ClaimAsync(room: 1 + random.Next(4))).Jobs)
                {
                    await EndAsync(job, random.Next(4) == 0 && job.Attempt < job.Job.MaxAttempts ? JobEndingKind.Retry : JobEndingKind.Succeeded);
                }

                await Task.Yield();
            }
        })));
        await Task.WhenAll(all, runners).WaitAsync(TimeSpan.FromSeconds(60));

        await Store.ResumeAsync(JobPauseScope.Queue, "q0", CancellationToken.None);
        await Store.ResumeAsync(JobPauseScope.Queue, "known", CancellationToken.None);
        await Store.ResumeAsync(JobPauseScope.Name, "known", CancellationToken.None);
        await Store.ResumeAsync(JobPauseScope.Name, "q0", CancellationToken.None);
        while ((await ClaimAsync()).Jobs is { Count: > 0 } claimed)
        {
            foreach (var job in claimed)
            {
                await EndAsync(job, JobEndingKind.Succeeded);
            }
        }

        (await Store.CountAsync(new JobFilter(), CancellationToken.None)).Keys.ShouldBeSubsetOf([JobState.Succeeded, JobState.Cancelled]);

        Task RunAsync(int who, Func<Random, Task> step) => Task.Run(async () =>
        {
            var random = new Random(seed + who);
            for (var i = 0; i < Steps; i++)
            {
                await step(random);
            }

            Interlocked.Decrement(ref left);
        });
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
