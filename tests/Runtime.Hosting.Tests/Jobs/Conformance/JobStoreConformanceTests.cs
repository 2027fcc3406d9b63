using Runtime.Core;
using Runtime.Hosting;
using Runtime.Hosting.Jobs;

namespace Runtime.Jobs.Conformance;

/// <summary>What every job store must do; each store's tests derive from this.</summary>
public abstract partial class JobStoreConformanceTests : IAsyncLifetime
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    protected SettableClock Clock { get; } = new();

    protected RecordingListener Listener { get; } = new();

    protected IJobStore Store { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Store = Create(Clock);
        await Store.OpenAsync(new JobNode("test", ["known"], 3), Listener, CancellationToken.None);
    }

    public async Task DisposeAsync()
    {
        await Store.DisposeAsync();
        await CleanUpAsync();
    }

    protected abstract IJobStore Create(TimeProvider clock);

    protected virtual Task CleanUpAsync() => Task.CompletedTask;

    protected static NewJob Job(string name = "known", string queue = "default") => new()
    {
        Id = Guid.CreateVersion7(), Name = name, Queue = queue, Arguments = "{\"n\":1}"u8.ToArray(), MaxAttempts = 3,
    };

    protected async Task<Guid> EnqueueAsync(NewJob job) => (await Store.EnqueueAsync([job], null, CancellationToken.None))[0].Id;

    protected async Task<JobClaims> ClaimAsync(int room = 100) =>
        await Store.ClaimAsync(new JobClaimRequest { Room = room, StarvationThreshold = TimeSpan.FromDays(1) }, CancellationToken.None);

    protected async Task<bool> EndAsync(ClaimedJob job, JobEndingKind kind, string? reason = null, TimeSpan delay = default, byte[]? result = null) =>
        (await Store.EndAsync([new JobEnding(job.Lease, kind, reason) { Delay = delay, Result = result }], CancellationToken.None))[0];

    protected async Task<JobInfo> GetAsync(Guid id) => (await Store.GetAsync(id, CancellationToken.None)).ShouldNotBeNull();

    [Fact]
    public async Task Enqueue_AJob_CanBeReadBackWhole()
    {
        var job = Job() with
        {
            Priority = TaskPriority.High, Timeout = TimeSpan.FromMinutes(3), MaxAttempts = 7, UniqueKey = "u", ConcurrencyKey = "c", ConcurrencyLimit = 4, Tags = ["a", "b c", "dé"],
            RetryDelay = TimeSpan.FromSeconds(9), TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", Deadline = TimeSpan.FromSeconds(30), Schedule = "nightly",
        };
        await EnqueueAsync(job);

        var info = await GetAsync(job.Id);
        info.State.ShouldBe(JobState.Queued);
        (info.Name, info.Queue, info.Priority, info.MaxAttempts, info.UniqueKey, info.ConcurrencyKey, info.Schedule)
            .ShouldBe(("known", "default", TaskPriority.High, 7, "u", "c", "nightly"));
        info.Tags.ShouldBe(["a", "b c", "dé"]);
        info.Arguments.ToArray().ShouldBe(job.Arguments.ToArray());
        info.EnqueuedAt.ShouldBe(Clock.GetUtcNow());
        var claimed = (await ClaimAsync()).Jobs.ShouldHaveSingleItem();
        claimed.Job.Arguments.ToArray().ShouldBe(job.Arguments.ToArray());
        claimed.Job.Tags.ShouldBe(job.Tags);
        (claimed.Job with { Arguments = job.Arguments, Tags = job.Tags, RunAt = null }).ShouldBe(job with { RunAt = null });
        (claimed.Attempt, claimed.Crashes, claimed.EnqueuedAt, claimed.Waited).ShouldBe((1, 0, Clock.GetUtcNow(), TimeSpan.Zero));
    }

    [Fact]
    public async Task Enqueue_TheSameIdTwice_StoresOneJob()
    {
        var job = Job();
        await EnqueueAsync(job);
        (await Store.EnqueueAsync([job], null, CancellationToken.None)).ShouldHaveSingleItem().ShouldBe(new JobReceipt(job.Id, false));
        (await ClaimAsync()).Jobs.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Claim_ManyJobs_ComeByPriorityThenDeadlineThenAge()
    {
        var low = await EnqueueAsync(Job() with { Priority = TaskPriority.Low });
        var plain = await EnqueueAsync(Job());
        var second = await EnqueueAsync(Job());
        var late = await EnqueueAsync(Job() with { Deadline = TimeSpan.FromMinutes(2) });
        var soon = await EnqueueAsync(Job() with { Deadline = TimeSpan.FromMinutes(1) });
        var critical = await EnqueueAsync(Job(queue: "other") with { Priority = TaskPriority.Critical });

        (await ClaimAsync()).Jobs.Select(static job => job.Job.Id).ShouldBe([critical, soon, late, plain, second, low]);
    }

    [Fact]
    public async Task Claim_WithLittleRoom_TakesTheMostUrgentAndSaysThereIsMore()
    {
        await EnqueueAsync(Job());
        var high = await EnqueueAsync(Job(queue: "other") with { Priority = TaskPriority.High });

        var claims = await ClaimAsync(room: 1);

        claims.Jobs.ShouldHaveSingleItem().Job.Id.ShouldBe(high);
        claims.MayHaveMore.ShouldBeTrue();
        (await ClaimAsync()).MayHaveMore.ShouldBeFalse();
        await EnqueueAsync(Job());
        await EnqueueAsync(Job());
        (await ClaimAsync(room: 1)).MayHaveMore.ShouldBeTrue(); // more of the same queue is more too
    }

    [Fact]
    public async Task Claim_AQueueWithoutRoom_IsLeftOut()
    {
        await EnqueueAsync(Job(queue: "full"));
        var other = await EnqueueAsync(Job(queue: "free"));
        var request = new JobClaimRequest { Room = 10, RoomOfQueue = new Dictionary<string, int> { ["full"] = 0 }, StarvationThreshold = Hour };

        (await Store.ClaimAsync(request, CancellationToken.None)).Jobs.ShouldHaveSingleItem().Job.Id.ShouldBe(other);
    }

    [Fact]
    public async Task Claim_ADelayedJob_ComesWhenItIsDueAndNotBefore()
    {
        var id = await EnqueueAsync(Job() with { Delay = Hour });
        (await GetAsync(id)).State.ShouldBe(JobState.Scheduled);

        var early = await ClaimAsync();
        early.Jobs.ShouldBeEmpty();
        early.NextDue.ShouldBe(Hour);
        Clock.Advance(Hour - TimeSpan.FromTicks(10_000));
        (await ClaimAsync()).Jobs.ShouldBeEmpty();
        Clock.Advance(TimeSpan.FromTicks(10_000));
        (await ClaimAsync()).Jobs.ShouldHaveSingleItem().Job.Id.ShouldBe(id);
    }

    [Fact]
    public async Task Claim_AJobThatHasWaitedLong_ComesBeforeAFreshOneOfTheNextPriority()
    {
        var old = await EnqueueAsync(Job() with { Priority = TaskPriority.Low });
        Clock.Advance(TimeSpan.FromSeconds(5));
        await EnqueueAsync(Job());
        var request = new JobClaimRequest { Room = 1, StarvationThreshold = TimeSpan.FromSeconds(5) };

        (await Store.ClaimAsync(request, CancellationToken.None)).Jobs.ShouldHaveSingleItem().Job.Id.ShouldBe(old);
    }

    [Fact]
    public async Task Claim_ARunningJob_IsNotGivenTwice()
    {
        await EnqueueAsync(Job());
        (await ClaimAsync()).Jobs.Count.ShouldBe(1);
        (await ClaimAsync()).Jobs.ShouldBeEmpty();
    }

    [Fact]
    public async Task Dispose_Twice_IsOnce()
    {
        await Store.DisposeAsync();
        await Store.DisposeAsync();
    }

    [Fact]
    public async Task Enqueue_IsTold()
    {
        var before = Listener.Arrivals;
        await EnqueueAsync(Job());
        Listener.Arrivals.ShouldBeGreaterThan(before);
    }
}
