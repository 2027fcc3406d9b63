using Runtime.Hosting;
using Runtime.Hosting.Jobs;

namespace Runtime.Jobs.Conformance;

/// <summary>What is asked and changed from outside.</summary>
public abstract partial class JobStoreConformanceTests
{
    [Fact]
    public async Task Cancel_AWaitingJob_EndsItForGood()
    {
        var queued = await EnqueueAsync(Job());
        var delayed = await EnqueueAsync(Job() with { Delay = Hour });
        var child = await EnqueueAsync(Job() with { After = queued, On = JobContinuation.Failure });
        (await Store.CancelAsync(queued, "why", CancellationToken.None)).ShouldBe(JobCancellation.Cancelled);
        (await Store.CancelAsync(delayed, null, CancellationToken.None)).ShouldBe(JobCancellation.Cancelled);
        (await Store.CancelAsync(queued, null, CancellationToken.None)).ShouldBe(JobCancellation.AlreadyOver);
        (await Store.CancelAsync(Guid.NewGuid(), null, CancellationToken.None)).ShouldBe(JobCancellation.NotFound);

        var info = await GetAsync(queued);
        (info.State, info.Reason).ShouldBe((JobState.Cancelled, "why"));
        Listener.Ended.ShouldContain(queued);
        Clock.Advance(Hour);
        (await ClaimAsync()).Jobs.ShouldHaveSingleItem().Job.Id.ShouldBe(child);
    }

    [Fact]
    public async Task Cancel_ARunningJob_IsToldToItsNode_AndARetryEndsItInstead()
    {
        var id = await EnqueueAsync(Job());
        var claimed = (await ClaimAsync()).Jobs[0];
        (await Store.CancelAsync(id, "stop it", CancellationToken.None)).ShouldBe(JobCancellation.Requested);
        Listener.Cancellations.ShouldContain((id, "stop it"));

        await EndAsync(claimed, JobEndingKind.Retry, "broken");

        (await GetAsync(id)).State.ShouldBe(JobState.Cancelled);
        (await ClaimAsync()).Jobs.ShouldBeEmpty();
    }

    [Fact]
    public async Task Cancel_ABlockedJob_LeavesItsPlaceToOthers()
    {
        await EnqueueAsync(Job() with { ConcurrencyKey = "k" });
        var second = await EnqueueAsync(Job() with { ConcurrencyKey = "k" });
        var third = await EnqueueAsync(Job() with { ConcurrencyKey = "k" });
        var claimed = (await ClaimAsync()).Jobs.ShouldHaveSingleItem();
        await Store.CancelAsync(second, null, CancellationToken.None);

        await EndAsync(claimed, JobEndingKind.Succeeded);

        (await ClaimAsync()).Jobs.ShouldHaveSingleItem().Job.Id.ShouldBe(third);
    }

    [Fact]
    public async Task Cancel_ByFilter_ReachesAllThatAreNotOver_AndWhatWaitsForThem()
    {
        var done = await EnqueueAsync(Job() with { Tags = ["red"] });
        await EndAsync((await ClaimAsync()).Jobs.ShouldHaveSingleItem(), JobEndingKind.Succeeded);
        var running = await EnqueueAsync(Job() with { Tags = ["red"], ConcurrencyKey = "k" });
        var blocked = await EnqueueAsync(Job() with { Tags = ["red"], ConcurrencyKey = "k" });
        var claimed = (await ClaimAsync()).Jobs.ShouldHaveSingleItem();
        var late = await EnqueueAsync(Job() with { Tags = ["red"], Delay = Hour, UniqueKey = "u" });
        var child = await EnqueueAsync(Job() with { Tags = ["red"], After = late });
        var grandchild = await EnqueueAsync(Job() with { After = child });
        var other = await EnqueueAsync(Job() with { Tags = ["blue"] });

        (await Store.CancelAsync(new JobFilter { Tag = "red" }, "enough", CancellationToken.None)).ShouldBeInRange(3, 4, "the child may have gone with its parent");

        Listener.Cancellations.ShouldBe([(running, "enough")]);
        foreach (var id in new[] { blocked, late })
        {
            var info = await GetAsync(id);
            (info.State, info.Reason).ShouldBe((JobState.Cancelled, "enough"));
            Listener.Ended.ShouldContain(id);
        }

        (await GetAsync(child)).State.ShouldBe(JobState.Cancelled);
        (await GetAsync(grandchild)).State.ShouldBe(JobState.Cancelled);
        (await GetAsync(done)).State.ShouldBe(JobState.Succeeded);
        (await EndAsync(claimed, JobEndingKind.Retry)).ShouldBeTrue();
        (await GetAsync(running)).State.ShouldBe(JobState.Cancelled);
        await EnqueueAsync(Job() with { UniqueKey = "u" });
        (await ClaimAsync()).Jobs.Select(static job => job.Job.Id).ShouldContain(other);
        (await Store.CancelAsync(new JobFilter { Tag = "red" }, null, CancellationToken.None)).ShouldBe(0);
    }

    [Fact]
    public async Task Retry_EndedJobs_HaveAllTheirAttemptsAgain()
    {
        var failed = await EnqueueAsync(Job() with { MaxAttempts = 1 });
        await EndAsync((await ClaimAsync()).Jobs[0], JobEndingKind.Failed, "broken");
        var parked = await EnqueueAsync(Job("unknown"));
        await EndAsync((await ClaimAsync()).Jobs[0], JobEndingKind.Parked, "who is that");
        (await GetAsync(parked)).State.ShouldBe(JobState.Parked);
        var done = await EnqueueAsync(Job());
        await EndAsync((await ClaimAsync()).Jobs[0], JobEndingKind.Succeeded);

        (await Store.RetryAsync(new JobFilter(), CancellationToken.None)).ShouldBe(2);

        var claimed = (await ClaimAsync()).Jobs;
        claimed.Select(static job => job.Job.Id).ShouldBe([failed, parked]);
        claimed.ShouldAllBe(static job => job.Attempt == 1);
        (await GetAsync(done)).State.ShouldBe(JobState.Succeeded);
    }

    [Fact]
    public async Task Retry_AJobWhoseUniqueKeyIsTaken_StaysAsItIs()
    {
        var keyed = Job() with { UniqueKey = "u" };
        var first = await EnqueueAsync(keyed);
        await EndAsync((await ClaimAsync()).Jobs.ShouldHaveSingleItem(), JobEndingKind.Failed);
        var second = await EnqueueAsync(keyed with { Id = Guid.CreateVersion7() });

        (await Store.RetryAsync(new JobFilter(), CancellationToken.None)).ShouldBe(0);
        (await GetAsync(first)).State.ShouldBe(JobState.Failed);
        await EndAsync((await ClaimAsync()).Jobs.ShouldHaveSingleItem(), JobEndingKind.Failed);

        (await Store.RetryAsync(new JobFilter { Ids = [second] }, CancellationToken.None)).ShouldBe(1);
        (await EnqueueAsync(keyed with { Id = Guid.CreateVersion7() })).ShouldBe(second); // it has its key again
    }

    [Fact]
    public async Task Discard_JobsThatDoNotRun_AreGone_AndTheirContinuationsAreCancelled()
    {
        var running = await EnqueueAsync(Job());
        await ClaimAsync();
        var queued = await EnqueueAsync(Job());
        var child = await EnqueueAsync(Job("child") with { After = queued });

        (await Store.DiscardAsync(new JobFilter { Name = "known" }, CancellationToken.None)).ShouldBe(1);

        (await Store.GetAsync(queued, CancellationToken.None)).ShouldBeNull();
        (await GetAsync(running)).State.ShouldBe(JobState.Running);
        (await GetAsync(child)).State.ShouldBe(JobState.Cancelled);
        Listener.Ended.ShouldContain(queued);
    }

    [Fact]
    public async Task List_ByFilter_FindsTheNewestFirst_PageByPage()
    {
        var ids = new List<Guid>();
        for (var i = 0; i < 5; i++)
        {
            ids.Add(await EnqueueAsync(Job() with { Tags = i % 2 == 0 ? ["even"] : ["even-not"], Arguments = System.Text.Encoding.UTF8.GetBytes($"{{\"customer\":{i}}}") }));
        }

        await EnqueueAsync(Job("another", "side") with { Schedule = "s" });

        var first = await Store.ListAsync(new JobFilter { Name = "known", PageSize = 3 }, CancellationToken.None);
        first.Jobs.Select(static job => job.Id).ShouldBe([ids[4], ids[3], ids[2]]);
        first.Jobs.ShouldAllBe(static job => job.Arguments.IsEmpty);
        var second = await Store.ListAsync(new JobFilter { Name = "known", PageSize = 3, From = first.Next }, CancellationToken.None);
        second.Jobs.Select(static job => job.Id).ShouldBe([ids[1], ids[0]]);
        second.Next.ShouldBeNull();
        (await Ids(new JobFilter { Tag = "even" })).ShouldBe([ids[4], ids[2], ids[0]]);
        (await Ids(new JobFilter { Text = "\"customer\":3" })).ShouldBe([ids[3]]);
        (await Ids(new JobFilter { Queue = "side" })).Count.ShouldBe(1);
        (await Ids(new JobFilter { Schedule = "s" })).Count.ShouldBe(1);
        (await Ids(new JobFilter { Ids = [ids[1], Guid.NewGuid()] })).ShouldBe([ids[1]]);
        (await Ids(new JobFilter { States = [JobState.Running] })).ShouldBeEmpty();
        await ClaimAsync(room: 2);
        (await Ids(new JobFilter { States = [JobState.Running] })).ShouldBe([ids[1], ids[0]]);

        async Task<IReadOnlyList<Guid>> Ids(JobFilter filter) => [.. (await Store.ListAsync(filter, CancellationToken.None)).Jobs.Select(static job => job.Id)];
    }

    [Theory]
    [InlineData("'; drop table jobs; --")]
    [InlineData("%_\\")]
    [InlineData("\"\0\u2028<script>")]
    public async Task Filter_HostileText_IsOnlyText(string text)
    {
        var id = await EnqueueAsync(Job("n:" + text, "q:" + text) with { Tags = ["t:" + text], UniqueKey = text, ConcurrencyKey = text });

        (await Store.ListAsync(new JobFilter { Name = "n:" + text, Queue = "q:" + text, Tag = "t:" + text }, CancellationToken.None)).Jobs.ShouldHaveSingleItem().Id.ShouldBe(id);
        (await Store.ListAsync(new JobFilter { Tag = "t:" }, CancellationToken.None)).Jobs.ShouldBeEmpty();
        (await Store.ListAsync(new JobFilter { Text = text }, CancellationToken.None)).Jobs.ShouldBeEmpty();
        (await ClaimAsync()).Jobs.ShouldHaveSingleItem().Job.Name.ShouldBe("n:" + text);
    }

    [Fact]
    public async Task Count_ByState_AddsUp()
    {
        for (var i = 0; i < 4; i++)
        {
            await EnqueueAsync(Job());
        }

        await EnqueueAsync(Job() with { Delay = Hour });
        await EndAsync((await ClaimAsync(room: 2)).Jobs[0], JobEndingKind.Succeeded);

        var counts = await Store.CountAsync(new JobFilter(), CancellationToken.None);

        counts.OrderBy(static pair => pair.Key).Select(static pair => (pair.Key, pair.Value)).ShouldBe(
            [(JobState.Scheduled, 1L), (JobState.Queued, 2L), (JobState.Running, 1L), (JobState.Succeeded, 1L)]);
    }

    [Fact]
    public async Task States_OfAFilter_InEachCombination_FindThoseJobsAndNoOthers()
    {
        foreach (var kind in new[] { JobEndingKind.Succeeded, JobEndingKind.Failed, JobEndingKind.Cancelled, JobEndingKind.Parked, JobEndingKind.Succeeded })
        {
            await EnqueueAsync(Job());
            await EndAsync((await ClaimAsync()).Jobs[0], kind, "so");
        }

        await EnqueueAsync(Job() with { ConcurrencyKey = "k" });
        var parent = (await ClaimAsync()).Jobs[0].Job.Id;
        await EnqueueAsync(Job() with { ConcurrencyKey = "k" });
        (await ClaimAsync()).Jobs.ShouldBeEmpty("the key's place is taken");
        await EnqueueAsync(Job() with { After = parent });
        await EnqueueAsync(Job() with { Delay = Hour });
        await EnqueueAsync(Job());
        var all = (await Store.ListAsync(new JobFilter(), CancellationToken.None)).Jobs;
        var states = Enum.GetValues<JobState>();
        all.Select(static job => job.State).Distinct().Order().ShouldBe(states.Order(), "each state has its job");

        for (var set = 1; set < 1 << states.Length; set++)
        {
            JobState[] wanted = [.. states.Where((_, i) => (set & 1 << i) != 0)];
            var expected = all.Where(job => wanted.Contains(job.State)).ToList();
            var filter = new JobFilter { States = wanted, PageSize = 4 };
            var found = new List<Guid>();
            do
            {
                var page = await Store.ListAsync(filter, CancellationToken.None);
                found.AddRange(page.Jobs.Select(static job => job.Id));
                filter = filter with { From = page.Next };
            }
            while (filter.From is not null);

            found.ShouldBe(expected.Select(static job => job.Id), string.Join(", ", wanted));
            (await Store.CountAsync(filter, CancellationToken.None)).OrderBy(static pair => pair.Key).Select(static pair => (pair.Key, pair.Value))
                .ShouldBe(expected.CountBy(static job => job.State).OrderBy(static pair => pair.Key).Select(static pair => (pair.Key, (long)pair.Value)), string.Join(", ", wanted));
        }
    }

    [Fact]
    public async Task Purge_JobsThatAreOver_GoWhenTheirTimeHasPassed()
    {
        var old = await EnqueueAsync(Job());
        await EndAsync((await ClaimAsync()).Jobs[0], JobEndingKind.Succeeded);
        Clock.Advance(Hour);
        var young = await EnqueueAsync(Job());
        await EndAsync((await ClaimAsync()).Jobs[0], JobEndingKind.Failed);
        var live = await EnqueueAsync(Job());

        (await Store.PurgeAsync(TimeSpan.FromMinutes(30), 10, CancellationToken.None)).ShouldBe(1);

        (await Store.GetAsync(old, CancellationToken.None)).ShouldBeNull();
        (await GetAsync(young)).State.ShouldBe(JobState.Failed);
        (await GetAsync(live)).State.ShouldBe(JobState.Queued);
    }

    [Fact]
    public async Task Pause_OfAQueue_HoldsItUntilItIsResumed()
    {
        await Store.PauseAsync(new JobPause(JobPauseScope.Queue, "default", "deploy"), CancellationToken.None);
        var id = await EnqueueAsync(Job());
        (await ClaimAsync()).Jobs.ShouldBeEmpty();
        (await Store.ListPausesAsync(CancellationToken.None)).ShouldBe([new JobPause(JobPauseScope.Queue, "default", "deploy")]);
        var before = Listener.Arrivals;

        (await Store.ResumeAsync(JobPauseScope.Queue, "default", CancellationToken.None)).ShouldBeTrue();

        Listener.Arrivals.ShouldBeGreaterThan(before);
        (await ClaimAsync()).Jobs.ShouldHaveSingleItem().Job.Id.ShouldBe(id);
        (await Store.ResumeAsync(JobPauseScope.Queue, "default", CancellationToken.None)).ShouldBeFalse();
    }

    [Fact]
    public async Task Pause_OfAKind_LetsOthersPass_AndEndsByItself()
    {
        await Store.PauseAsync(new JobPause(JobPauseScope.Name, "known", null, Clock.GetUtcNow() + Hour), CancellationToken.None);
        var paused = await EnqueueAsync(Job());
        var other = await EnqueueAsync(Job("another"));

        var claims = await ClaimAsync();
        claims.Jobs.ShouldHaveSingleItem().Job.Id.ShouldBe(other);
        claims.NextDue.ShouldBe(Hour);
        (await GetAsync(paused)).State.ShouldBe(JobState.Blocked);
        Clock.Advance(Hour);
        (await ClaimAsync()).Jobs.ShouldHaveSingleItem().Job.Id.ShouldBe(paused);
    }

    [Fact]
    public async Task Pause_OfANode_KeepsItFromClaimingUntilItIsResumed()
    {
        var id = await EnqueueAsync(Job());
        await Store.PauseAsync(new JobPause(JobPauseScope.Node, "another"), CancellationToken.None);
        await Store.PauseAsync(new JobPause(JobPauseScope.Node, "test", "to be moved"), CancellationToken.None);
        (await ClaimAsync()).Jobs.ShouldBeEmpty();
        var before = Listener.Arrivals;

        (await Store.ResumeAsync(JobPauseScope.Node, "test", CancellationToken.None)).ShouldBeTrue();

        Listener.Arrivals.ShouldBeGreaterThan(before);
        (await ClaimAsync()).Jobs.ShouldHaveSingleItem().Job.Id.ShouldBe(id);
    }

    [Fact]
    public async Task Pause_OfAKind_DoesNotKeepThePlaceOfItsKeyFromOthers()
    {
        var keyed = Job() with { ConcurrencyKey = "k" };
        await EnqueueAsync(keyed);
        await EnqueueAsync(Job("paused") with { ConcurrencyKey = "k" });
        var other = await EnqueueAsync(keyed with { Id = Guid.CreateVersion7() });
        var first = (await ClaimAsync()).Jobs.ShouldHaveSingleItem();
        await Store.PauseAsync(new JobPause(JobPauseScope.Name, "paused"), CancellationToken.None);

        await EndAsync(first, JobEndingKind.Succeeded);

        var second = (await ClaimAsync()).Jobs.ShouldHaveSingleItem();
        second.Job.Id.ShouldBe(other);
        await EndAsync(second, JobEndingKind.Succeeded);
        (await ClaimAsync()).Jobs.ShouldBeEmpty();
        await Store.ResumeAsync(JobPauseScope.Name, "paused", CancellationToken.None);
        (await ClaimAsync()).Jobs.ShouldHaveSingleItem().Job.Name.ShouldBe("paused");
    }

    [Fact]
    public async Task Fire_TheSameDueTimeTwice_StoresOneRun()
    {
        var due = Clock.GetUtcNow();
        var schedule = new JobSchedule { Name = "s", Cron = "0 * * * *", TimeZone = "UTC", MissedRuns = MissedRuns.Once, Template = Job(), Next = due };
        await Store.PutScheduleAsync(schedule, CancellationToken.None);

        (await Store.FireAsync("s", due, due + Hour, [new JobRun(due, Job() with { Schedule = "s" })], CancellationToken.None)).ShouldBeTrue();
        (await Store.FireAsync("s", due, due + Hour, [new JobRun(due, Job() with { Schedule = "s" })], CancellationToken.None)).ShouldBeFalse();
        await Store.RemoveScheduleAsync("s", CancellationToken.None);
        await Store.PutScheduleAsync(schedule, CancellationToken.None);
        (await Store.FireAsync("s", due, due + Hour, [new JobRun(due, Job() with { Schedule = "s" })], CancellationToken.None)).ShouldBeTrue(); // moved on again, and the run is left out

        (await ClaimAsync()).Jobs.Count.ShouldBe(1);
        var stored = (await Store.ListSchedulesAsync(CancellationToken.None)).ShouldHaveSingleItem();
        (stored.Next, stored.Last, stored.Cron, stored.Template.Name).ShouldBe((due + Hour, due, "0 * * * *", "known"));
    }

    [Fact]
    public async Task PutSchedule_Again_KeepsTheNextTimeUnlessTheExpressionChanged()
    {
        var due = Clock.GetUtcNow();
        var schedule = new JobSchedule { Name = "s", Cron = "0 * * * *", TimeZone = "UTC", MissedRuns = MissedRuns.Once, Template = Job(), Next = due };
        await Store.PutScheduleAsync(schedule, CancellationToken.None);
        await Store.PutScheduleAsync(schedule with { Next = due + Hour, MissedRuns = MissedRuns.All }, CancellationToken.None);
        var stored = (await Store.ListSchedulesAsync(CancellationToken.None)).ShouldHaveSingleItem();
        (stored.Next, stored.MissedRuns).ShouldBe((due, MissedRuns.All));

        await Store.PutScheduleAsync(schedule with { Next = due + Hour, Cron = "5 * * * *" }, CancellationToken.None);

        (await Store.ListSchedulesAsync(CancellationToken.None)).ShouldHaveSingleItem().Next.ShouldBe(due + Hour);
        (await Store.RemoveScheduleAsync("s", CancellationToken.None)).ShouldBeTrue();
        (await Store.RemoveScheduleAsync("s", CancellationToken.None)).ShouldBeFalse();
    }
}
