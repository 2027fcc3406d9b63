using Runtime.Hosting;
using Runtime.Hosting.Jobs;

namespace Runtime.Jobs.Conformance;

/// <summary>Jobs that wait for many others.</summary>
public abstract partial class JobStoreConformanceTests
{
    private static NewJob Batch(int members, string name = "runtime:batch") => Job(name) with { Members = members };

    private async Task<List<Guid>> EnqueueBatchAsync(NewJob batch, params IEnumerable<NewJob> members)
    {
        List<NewJob> jobs = [.. members.Select(member => member with { Batch = batch.Id })];
        await Store.EnqueueAsync([batch, .. jobs], null, CancellationToken.None);
        return [.. jobs.Select(static job => job.Id)];
    }

    [Fact]
    public async Task Batch_WhoseMembersAreOver_SucceedsAndReleasesWhatWaitedForIt()
    {
        var batch = Batch(3);
        await EnqueueBatchAsync(batch, Job(), Job(), Job());
        var after = await EnqueueAsync(Job("after") with { After = batch.Id });
        var claimed = (await ClaimAsync()).Jobs;
        claimed.Count.ShouldBe(3);

        await EndAsync(claimed[0], JobEndingKind.Succeeded);
        await EndAsync(claimed[1], JobEndingKind.Failed, "broken");
        var info = await GetAsync(batch.Id);
        (info.State, info.Members, info.MembersLeft).ShouldBe((JobState.Waiting, 3, 1));
        (await ClaimAsync()).Jobs.ShouldBeEmpty();
        await EndAsync(claimed[2], JobEndingKind.Cancelled);

        info = await GetAsync(batch.Id);
        (info.State, info.Members, info.MembersLeft).ShouldBe((JobState.Succeeded, 3, 0));
        Listener.Ended.ShouldContain(batch.Id);
        (await ClaimAsync()).Jobs.ShouldHaveSingleItem().Job.Id.ShouldBe(after);
        (await Store.CountAsync(new JobFilter { Batch = batch.Id }, CancellationToken.None)).OrderBy(static pair => pair.Key)
            .ShouldBe([new(JobState.Succeeded, 1), new(JobState.Failed, 1), new(JobState.Cancelled, 1)]);
    }

    [Fact]
    public async Task Batch_WithAJobOfItsOwn_RunsItWhenTheMembersAreOver()
    {
        var batch = Batch(2, "known");
        await EnqueueBatchAsync(batch, Job(), Job());
        (await Store.EndAsync([.. (await ClaimAsync()).Jobs.Select(static job => new JobEnding(job.Lease, JobEndingKind.Succeeded))], CancellationToken.None)).ShouldBe([true, true]);

        var own = (await ClaimAsync()).Jobs.ShouldHaveSingleItem();

        (own.Job.Id, own.Job.Members).ShouldBe((batch.Id, 2));
        await EndAsync(own, JobEndingKind.Succeeded);
        (await GetAsync(batch.Id)).State.ShouldBe(JobState.Succeeded);
    }

    [Fact]
    public async Task Batch_AMemberThatIsTriedAgainOrParked_IsNotOver()
    {
        var batch = Batch(2);
        await EnqueueBatchAsync(batch, Job(), Job());
        var claimed = (await ClaimAsync()).Jobs;
        await EndAsync(claimed[0], JobEndingKind.Retry, "no luck");
        await EndAsync(claimed[1], JobEndingKind.Parked, "who is that");
        (await GetAsync(batch.Id)).MembersLeft.ShouldBe(2);

        (await Store.RetryAsync(new JobFilter { Batch = batch.Id }, CancellationToken.None)).ShouldBe(1);
        foreach (var job in (await ClaimAsync()).Jobs)
        {
            await EndAsync(job, JobEndingKind.Succeeded);
        }

        (await GetAsync(batch.Id)).State.ShouldBe(JobState.Succeeded);
    }

    [Fact]
    public async Task Batch_AnEndThatIsRetriedBeforeItsMembersAreOver_WaitsForThem()
    {
        var batch = Job() with { Members = 2 };
        await EnqueueBatchAsync(batch, Job(), Job());
        var members = (await ClaimAsync()).Jobs;
        await Store.CancelAsync(batch.Id, null, CancellationToken.None);
        await EndAsync(members[0], JobEndingKind.Succeeded);

        (await Store.RetryAsync(new JobFilter { Ids = [batch.Id] }, CancellationToken.None)).ShouldBe(1);

        (await ClaimAsync()).Jobs.ShouldBeEmpty();
        var waiting = await GetAsync(batch.Id);
        (waiting.State, waiting.MembersLeft).ShouldBe((JobState.Waiting, 1));
        await EndAsync(members[1], JobEndingKind.Succeeded);
        (await ClaimAsync()).Jobs.ShouldHaveSingleItem().Job.Id.ShouldBe(batch.Id);
    }

    [Fact]
    public async Task Batch_ThatIsRetriedWhole_EndsAfterItsMembers()
    {
        var batch = Job() with { Members = 2 };
        await EnqueueBatchAsync(batch, Job(), Job());
        await Store.CancelAsync(new JobFilter(), null, CancellationToken.None);

        (await Store.RetryAsync(new JobFilter(), CancellationToken.None)).ShouldBe(3);

        var members = (await ClaimAsync()).Jobs;
        members.Count.ShouldBe(2);
        members.ShouldAllBe(job => job.Job.Batch == batch.Id);
        await EndAsync(members[0], JobEndingKind.Succeeded);
        (await ClaimAsync()).Jobs.ShouldBeEmpty();
        await EndAsync(members[1], JobEndingKind.Succeeded);
        (await ClaimAsync()).Jobs.ShouldHaveSingleItem().Job.Id.ShouldBe(batch.Id);
    }

    [Fact]
    public async Task Batch_AFailedMemberThatIsRetried_IsWaitedForAgain()
    {
        var batch = Batch(2);
        var members = await EnqueueBatchAsync(batch, Job(), Job());
        var claimed = (await ClaimAsync()).Jobs;
        await EndAsync(claimed[0], JobEndingKind.Failed);
        await Store.RetryAsync(new JobFilter { Ids = [members[0]] }, CancellationToken.None);
        await EndAsync(claimed[1], JobEndingKind.Succeeded);
        (await GetAsync(batch.Id)).MembersLeft.ShouldBe(1);

        await EndAsync((await ClaimAsync()).Jobs.ShouldHaveSingleItem(), JobEndingKind.Succeeded);

        (await GetAsync(batch.Id)).State.ShouldBe(JobState.Succeeded);
    }

    [Fact]
    public async Task Batch_MembersThatAreCancelledOrDiscarded_AreOver()
    {
        var batch = Batch(2);
        var members = await EnqueueBatchAsync(batch, Job(), Job());
        await Store.CancelAsync(members[0], null, CancellationToken.None);

        await Store.DiscardAsync(new JobFilter { Ids = [members[1]] }, CancellationToken.None);

        (await GetAsync(batch.Id)).State.ShouldBe(JobState.Succeeded);
    }

    [Fact]
    public async Task Batch_WithinABatch_EndsWithItsInnermostMember()
    {
        var outer = Batch(2);
        var inner = Batch(1) with { Batch = outer.Id };
        await Store.EnqueueAsync([outer, inner, Job() with { Batch = inner.Id }, Job() with { Batch = outer.Id }], null, CancellationToken.None);
        var claimed = (await ClaimAsync()).Jobs;
        await EndAsync(claimed[1], JobEndingKind.Succeeded);
        (await GetAsync(outer.Id)).MembersLeft.ShouldBe(1);

        await EndAsync(claimed[0], JobEndingKind.Failed);

        (await GetAsync(inner.Id)).State.ShouldBe(JobState.Succeeded);
        (await GetAsync(outer.Id)).State.ShouldBe(JobState.Succeeded);
    }

    [Fact]
    public async Task Batch_ThatWasCancelled_StaysSo_AndIsNotRetriedAsAMarker()
    {
        var batch = Batch(1);
        await EnqueueBatchAsync(batch, Job());
        await Store.CancelAsync(batch.Id, "enough", CancellationToken.None);
        await EndAsync((await ClaimAsync()).Jobs.ShouldHaveSingleItem(), JobEndingKind.Succeeded);

        (await Store.RetryAsync(new JobFilter(), CancellationToken.None)).ShouldBe(0);

        (await GetAsync(batch.Id)).State.ShouldBe(JobState.Cancelled);
    }

    [Fact]
    public async Task Batch_OfMany_EndedByManyAtOnce_EndsOnce()
    {
        const int Members = 300;
        var batch = Batch(Members, "known");
        await EnqueueBatchAsync(batch, Enumerable.Range(0, Members).Select(static _ => Job()));
        var claimed = (await ClaimAsync(Members)).Jobs;

        await Task.WhenAll(claimed.Chunk(7).Select(some => Task.Run(async () =>
            await Store.EndAsync([.. some.Select(static job => new JobEnding(job.Lease, JobEndingKind.Succeeded))], CancellationToken.None))));

        (await ClaimAsync()).Jobs.ShouldHaveSingleItem().Job.Id.ShouldBe(batch.Id);
        (await ClaimAsync()).Jobs.ShouldBeEmpty();
    }
}
