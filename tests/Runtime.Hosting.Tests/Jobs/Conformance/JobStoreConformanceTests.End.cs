using System.Text;
using Runtime.Hosting;
using Runtime.Hosting.Jobs;

namespace Runtime.Jobs.Conformance;

/// <summary>How runs end.</summary>
public abstract partial class JobStoreConformanceTests
{
    [Fact]
    public async Task End_Succeeded_KeepsTheResultAndIsTold()
    {
        var id = await EnqueueAsync(Job());
        var claimed = (await ClaimAsync()).Jobs[0];
        Clock.Advance(TimeSpan.FromSeconds(2));

        (await EndAsync(claimed, JobEndingKind.Succeeded, result: "[42]"u8.ToArray())).ShouldBeTrue();

        var info = await GetAsync(id);
        info.State.ShouldBe(JobState.Succeeded);
        Encoding.UTF8.GetString(info.Result.Span).ShouldBe("[42]");
        (info.FinishedAt - info.StartedAt).ShouldBe(TimeSpan.FromSeconds(2));
        Listener.Ended.ShouldContain(id);
    }

    [Fact]
    public async Task End_Retry_KeepsTheAttemptAndTheErrorAndWaits()
    {
        var id = await EnqueueAsync(Job());
        await EndAsync((await ClaimAsync()).Jobs[0], JobEndingKind.Retry, "no luck", Hour);

        var info = await GetAsync(id);
        (info.State, info.Attempt, info.Reason).ShouldBe((JobState.Scheduled, 1, "no luck"));
        (await ClaimAsync()).Jobs.ShouldBeEmpty();
        Clock.Advance(Hour);
        var again = (await ClaimAsync()).Jobs.ShouldHaveSingleItem();
        (again.Attempt, again.LastError).ShouldBe((2, "no luck"));
    }

    [Theory]
    [InlineData(JobEndingKind.Snooze)]
    [InlineData(JobEndingKind.Interrupted)]
    public async Task End_WithoutFault_SpendsNoAttempt(JobEndingKind kind)
    {
        await EnqueueAsync(Job());
        await EndAsync((await ClaimAsync()).Jobs[0], kind, "later");

        (await ClaimAsync()).Jobs.ShouldHaveSingleItem().Attempt.ShouldBe(1);
    }

    [Fact]
    public async Task End_WithAnOldLease_IsRefusedAndChangesNothing()
    {
        var id = await EnqueueAsync(Job());
        var first = (await ClaimAsync()).Jobs[0];
        await EndAsync(first, JobEndingKind.Interrupted);
        var second = (await ClaimAsync()).Jobs[0];

        (await EndAsync(first, JobEndingKind.Succeeded)).ShouldBeFalse();

        (await GetAsync(id)).State.ShouldBe(JobState.Running);
        (await EndAsync(second, JobEndingKind.Succeeded)).ShouldBeTrue();
        (await EndAsync(second, JobEndingKind.Failed)).ShouldBeFalse();
        (await GetAsync(id)).State.ShouldBe(JobState.Succeeded);
    }

    [Fact]
    public async Task Report_OfARunningJob_IsReadBack_AndOfAnOldLeaseIsNot()
    {
        var id = await EnqueueAsync(Job());
        var first = (await ClaimAsync()).Jobs[0];
        await Store.ReportAsync([new JobReport(first.Lease, new WorkProgress(0.5, "half"))], CancellationToken.None);
        (await GetAsync(id)).Progress.ShouldBe(new WorkProgress(0.5, "half"));
        await EndAsync(first, JobEndingKind.Interrupted);
        await ClaimAsync();

        await Store.ReportAsync([new JobReport(first.Lease, new WorkProgress(0.9, "stale"))], CancellationToken.None);

        (await GetAsync(id)).Progress.ShouldNotBe(new WorkProgress(0.9, "stale"));
    }

    [Fact]
    public async Task ConcurrencyKey_Taken_HoldsTheNextUntilAPlaceIsFree()
    {
        var first = await EnqueueAsync(Job() with { ConcurrencyKey = "k", ConcurrencyLimit = 2 });
        await EnqueueAsync(Job() with { ConcurrencyKey = "k", ConcurrencyLimit = 2 });
        var third = await EnqueueAsync(Job() with { ConcurrencyKey = "k", ConcurrencyLimit = 2 });
        var fourth = await EnqueueAsync(Job() with { ConcurrencyKey = "k", ConcurrencyLimit = 2 });
        var other = await EnqueueAsync(Job() with { ConcurrencyKey = "o" });

        var claimed = (await ClaimAsync()).Jobs;

        claimed.Count.ShouldBe(3);
        claimed.Select(static job => job.Job.Id).ShouldContain(other);
        (await GetAsync(third)).State.ShouldBe(JobState.Blocked);
        await EndAsync(claimed.Single(job => job.Job.Id == first), JobEndingKind.Succeeded);
        (await ClaimAsync()).Jobs.ShouldHaveSingleItem().Job.Id.ShouldBe(third);
        (await GetAsync(fourth)).State.ShouldBe(JobState.Blocked);
    }

    [Theory]
    [InlineData(JobEndingKind.Succeeded)]
    [InlineData(JobEndingKind.Failed)]
    [InlineData(JobEndingKind.Retry)]
    [InlineData(JobEndingKind.Snooze)]
    [InlineData(JobEndingKind.Parked)]
    [InlineData(JobEndingKind.Cancelled)]
    [InlineData(JobEndingKind.Interrupted)]
    public async Task ConcurrencyKey_HoweverARunEnds_GivesItsPlaceBack(JobEndingKind kind)
    {
        await EnqueueAsync(Job() with { ConcurrencyKey = "k" });
        var next = await EnqueueAsync(Job() with { ConcurrencyKey = "k" });
        await EndAsync((await ClaimAsync()).Jobs.ShouldHaveSingleItem(), kind, delay: Hour);

        if (kind == JobEndingKind.Interrupted)
        {
            await EndAsync((await ClaimAsync()).Jobs.ShouldHaveSingleItem(), JobEndingKind.Succeeded); // it came first, and comes first again
        }

        (await ClaimAsync()).Jobs.ShouldHaveSingleItem().Job.Id.ShouldBe(next);
    }

    [Fact]
    public async Task UniqueKey_UntilDone_IsTakenWhileTheJobLives()
    {
        var first = await EnqueueAsync(Job() with { UniqueKey = "u" });
        var receipt = (await Store.EnqueueAsync([Job() with { UniqueKey = "u" }], null, CancellationToken.None))[0];
        receipt.ShouldBe(new JobReceipt(first, true));
        (await EnqueueAsync(Job("another") with { UniqueKey = "u" })).ShouldNotBe(first); // keys are those of a kind
        var claimed = (await ClaimAsync()).Jobs.Single(job => job.Job.Id == first);
        (await EnqueueAsync(Job() with { UniqueKey = "u" })).ShouldBe(first);

        await EndAsync(claimed, JobEndingKind.Failed);

        (await EnqueueAsync(Job() with { UniqueKey = "u" })).ShouldNotBe(first);
    }

    [Fact]
    public async Task UniqueKeys_OfManyJobsInOneCall_AreEachTheFirstOnes()
    {
        var taken = await EnqueueAsync(Job() with { UniqueKey = "taken" });
        var over = Job() with { Id = Guid.NewGuid(), UniqueKey = "over" };
        await EnqueueAsync(over);
        foreach (var claimed in (await ClaimAsync()).Jobs.Where(claimed => claimed.Job.Id == over.Id))
        {
            await EndAsync(claimed, JobEndingKind.Succeeded);
        }

        NewJob[] jobs =
        [
            Job() with { UniqueKey = "a" }, Job() with { UniqueKey = "taken" }, Job("another") with { UniqueKey = "a" }, Job(), Job() with { UniqueKey = "a" }, Job() with { UniqueKey = "b" },
            Job() with { UniqueKey = "b" }, Job("another") with { UniqueKey = "taken" }, over,
        ];
        jobs = [.. jobs, Job() with { After = jobs[0].Id, UniqueKey = "c" }, Job() with { UniqueKey = "c" }];

        var receipts = await Store.EnqueueAsync(jobs, null, CancellationToken.None);

        int[] holders = [0, -1, 2, 3, 0, 5, 5, 7, 8, 9, 9];
        receipts.Select(static receipt => receipt.Id).ShouldBe(holders.Select(i => i < 0 ? taken : jobs[i].Id));
        receipts.Select(static receipt => receipt.IsDuplicate).ShouldBe(holders.Select(static (holder, i) => holder != i));
        (await Store.CountAsync(new JobFilter(), CancellationToken.None)).Values.Sum().ShouldBe(8, "two of before, and six new ones");
    }

    [Fact]
    public async Task UniqueKey_WhileQueued_IsFreeOnceTheJobRuns()
    {
        var first = await EnqueueAsync(Job() with { UniqueKey = "u", Uniqueness = JobUniqueness.WhileQueued });
        (await EnqueueAsync(Job() with { UniqueKey = "u", Uniqueness = JobUniqueness.WhileQueued })).ShouldBe(first);
        await ClaimAsync();
        (await EnqueueAsync(Job() with { UniqueKey = "u", Uniqueness = JobUniqueness.WhileQueued })).ShouldNotBe(first);
    }

    [Fact]
    public async Task UniqueKey_ForPeriod_OutlivesTheJob()
    {
        var keyed = Job() with { UniqueKey = "u", Uniqueness = JobUniqueness.ForPeriod, UniquePeriod = Hour };
        var first = await EnqueueAsync(keyed);
        await EndAsync((await ClaimAsync()).Jobs[0], JobEndingKind.Succeeded);
        (await EnqueueAsync(keyed with { Id = Guid.CreateVersion7() })).ShouldBe(first);
        Clock.Advance(Hour);
        (await EnqueueAsync(keyed with { Id = Guid.CreateVersion7() })).ShouldNotBe(first);
    }

    [Theory]
    [InlineData(JobContinuation.Success, JobEndingKind.Succeeded, JobState.Queued)]
    [InlineData(JobContinuation.Success, JobEndingKind.Failed, JobState.Cancelled)]
    [InlineData(JobContinuation.Failure, JobEndingKind.Failed, JobState.Queued)]
    [InlineData(JobContinuation.Failure, JobEndingKind.Cancelled, JobState.Queued)]
    [InlineData(JobContinuation.Failure, JobEndingKind.Succeeded, JobState.Cancelled)]
    [InlineData(JobContinuation.Any, JobEndingKind.Succeeded, JobState.Queued)]
    [InlineData(JobContinuation.Any, JobEndingKind.Failed, JobState.Queued)]
    public async Task After_TheEndOfAnother_ReleasesOrCancels(JobContinuation on, JobEndingKind end, JobState expected)
    {
        var parent = await EnqueueAsync(Job());
        var before = await EnqueueAsync(Job() with { After = parent, On = on });
        var second = await EnqueueAsync(Job() with { After = before, On = JobContinuation.Success });
        (await GetAsync(before)).State.ShouldBe(JobState.Waiting);
        var claimed = (await ClaimAsync()).Jobs.ShouldHaveSingleItem();

        await EndAsync(claimed, end);

        (await GetAsync(before)).State.ShouldBe(expected);
        (await GetAsync(second)).State.ShouldBe(expected == JobState.Cancelled ? JobState.Cancelled : JobState.Waiting);
        var later = await EnqueueAsync(Job() with { After = parent, On = on });
        (await GetAsync(later)).State.ShouldBe(expected);
    }

    [Fact]
    public async Task After_AChainOfThousands_EndsWithItsFirst()
    {
        var first = await EnqueueAsync(Job());
        var last = first;
        var chain = new List<NewJob>();
        for (var i = 0; i < 3000; i++)
        {
            var next = Job() with { After = last };
            chain.Add(next);
            last = next.Id;
        }

        await Store.EnqueueAsync(chain, null, CancellationToken.None);
        await EndAsync((await ClaimAsync()).Jobs.ShouldHaveSingleItem(), JobEndingKind.Failed);

        (await GetAsync(last)).State.ShouldBe(JobState.Cancelled);
    }
}
