using Runtime.Hosting.Jobs;
using Runtime.Hosting.Jobs.Memory;
using Runtime.Jobs.Conformance;

namespace Runtime.Hosting.Tests.Jobs.Cells;

/// <summary>What a store of three cells does beyond what any store does.</summary>
public sealed partial class CellJobStoreTests : IAsyncLifetime
{
    private const int Cells = 3;

    private readonly SettableClock _clock = new();
    private readonly RecordingListener _listener = new();
    private readonly MemoryJobStore[] _stores;
    private readonly TroubledStore[] _troubles;
    private readonly CellJobStore _store;

    public CellJobStoreTests()
    {
        _stores = [.. Enumerable.Range(0, Cells).Select(_ => new MemoryJobStore(_clock))];
        var troubled = _stores.Select(TroubledStore.Around).ToList();
        _troubles = [.. troubled.Select(static one => one.Trouble)];
        _store = new([.. troubled.Select(static one => one.Store)], place: static value => int.TryParse(value, out var cell) ? cell : null);
    }

    public async Task InitializeAsync() => await _store.OpenAsync(new JobNode("test", ["known"], 3), _listener, CancellationToken.None);

    public async Task DisposeAsync() => await _store.DisposeAsync();

    [Fact]
    public async Task Enqueue_GoesWhereItsShardSays_AndIsFoundByItsId()
    {
        var ids = new List<Guid>();
        for (var cell = 0; cell < Cells; cell++)
        {
            ids.Add(await EnqueueAsync(Job(cell)));
            (await _stores[cell].GetAsync(ids[cell], CancellationToken.None)).ShouldNotBeNull();
        }

        var none = await EnqueueAsync(Job(null));
        (await _stores[0].GetAsync(none, CancellationToken.None)).ShouldNotBeNull();
        (await _store.CountAsync(new JobFilter(), CancellationToken.None)).ShouldBe(new Dictionary<JobState, long> { [JobState.Queued] = 4 });
        foreach (var id in ids)
        {
            (await _store.GetAsync(id, CancellationToken.None)).ShouldNotBeNull().Id.ShouldBe(id);
        }

        (await _store.CancelAsync(ids[2], null, CancellationToken.None)).ShouldBe(JobCancellation.Cancelled);
        (await _stores[2].GetAsync(ids[2], CancellationToken.None)).ShouldNotBeNull().State.ShouldBe(JobState.Cancelled);
        (await _store.CancelAsync(_store.NewId(_clock.GetUtcNow(), "1", null), null, CancellationToken.None)).ShouldBe(JobCancellation.NotFound);
    }

    [Fact]
    public async Task AJobOfBeforeThereWereCells_IsFoundWhereverItIs()
    {
        var old = Job(null) with { Id = Guid.Parse("01930000-0000-7000-8000-000000000000") };
        await _stores[1].EnqueueAsync([old], null, CancellationToken.None);
        CellIds.TryGetCell(old.Id, out _).ShouldBeFalse();

        (await _store.GetAsync(old.Id, CancellationToken.None)).ShouldNotBeNull();
        var child = await EnqueueAsync(Job(null) with { After = old.Id });

        (await _stores[1].GetAsync(child, CancellationToken.None)).ShouldNotBeNull().State.ShouldBe(JobState.Waiting);
        CellIds.TryGetCell(child, out var named).ShouldBeTrue();
        named.ShouldBe(1); // the job is where the other one is, and its id says so
        (await _store.CancelAsync(old.Id, null, CancellationToken.None)).ShouldBe(JobCancellation.Cancelled);
        (await _store.GetAsync(child, CancellationToken.None)).ShouldNotBeNull().State.ShouldBe(JobState.Cancelled);
    }

    [Fact]
    public async Task WhatWaitsForAJob_GoesWhereItIs_AndNowhereElse()
    {
        var parent = await EnqueueAsync(Job(2));
        var now = _clock.GetUtcNow();
        var child = Job(null) with { Id = _store.NewId(now, null, parent), After = parent };

        await EnqueueAsync(child);

        (await _stores[2].GetAsync(child.Id, CancellationToken.None)).ShouldNotBeNull();
        CellIds.TryGetCell(child.Id, out var named).ShouldBeTrue();
        named.ShouldBe(2);
        await EnqueueAsync(Job(2) with { After = parent });
        (await Should.ThrowAsync<ArgumentException>(async () => await EnqueueAsync(Job(1) with { After = parent })))
            .Message.ShouldStartWith($"ShardBy is '1', which belongs to cell 1; the job {parent} that this one belongs to or waits for is in cell 2. Give both the same ShardBy, or this one none.");
    }

    [Fact]
    public async Task Enqueue_OfJobsOfTwoCellsInOneCall_IsRefused_AndStoresNothing()
    {
        NewJob[] jobs = [Job(1), Job(2)];

        (await Should.ThrowAsync<ArgumentException>(async () => await _store.EnqueueAsync(jobs, null, CancellationToken.None)))
            .Message.ShouldStartWith($"The jobs of a call are stored together, so in one cell; by its ShardBy or the job that it waits for {jobs[0].Id} belongs to cell 1, {jobs[1].Id} to cell 2. Give all the same ShardBy, or store them in several calls.");

        (await _store.CountAsync(new JobFilter(), CancellationToken.None)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(100)]
    public async Task List_OverAllCells_IsTheNewestFirst_PageByPage(int pageSize)
    {
        var random = new Random(pageSize);
        var ids = new List<Guid>();
        for (var i = 0; i < 40; i++)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            ids.Add(await EnqueueAsync(Job(random.Next(Cells)) with { Tags = [i % 2 == 0 ? "even" : "odd"] }));
        }

        (await ListAsync(new JobFilter { PageSize = pageSize })).ShouldBe(Enumerable.Reverse(ids));
        (await ListAsync(new JobFilter { PageSize = pageSize, Tag = "odd" })).ShouldBe(Enumerable.Reverse(ids).Where((_, i) => i % 2 == 0));
        (await ListAsync(new JobFilter { PageSize = pageSize, Tag = "none" })).ShouldBeEmpty();
        await Should.ThrowAsync<ArgumentException>(async () => await _store.ListAsync(new JobFilter { From = "12" }, CancellationToken.None));
    }

    [Fact]
    public async Task Changes_ByAFilter_AreMadeInAllCells_AndACellThatIsAwayIsNamed()
    {
        foreach (var cell in Enumerable.Range(0, Cells))
        {
            await EnqueueAsync(Job(cell));
        }

        _troubles[1].IsAway = true;

        var exception = await Should.ThrowAsync<JobStoreException>(async () => await _store.CancelAsync(new JobFilter(), "enough", CancellationToken.None));

        exception.Message.ShouldBe("1 of 3 cells could not cancel jobs; the others have. Repeat the call when they answer. Cell 1: It is away.");
        exception.IsTransient.ShouldBeTrue();
        _troubles[1].IsAway = false;
        (await _store.CancelAsync(new JobFilter(), "enough", CancellationToken.None)).ShouldBe(1);
        (await _store.RetryAsync(new JobFilter(), CancellationToken.None)).ShouldBe(3);
        (await _store.DiscardAsync(new JobFilter(), CancellationToken.None)).ShouldBe(3);
    }

    [Fact]
    public async Task ACellThatIsAway_KeepsNobodyFromTheOthersJobs()
    {
        var here = await EnqueueAsync(Job(2));
        var there = await EnqueueAsync(Job(1));
        _troubles[1].IsAway = true;

        (await _store.GetAsync(here, CancellationToken.None)).ShouldNotBeNull();
        (await _store.GetAsync(_store.NewId(_clock.GetUtcNow(), "2", null), CancellationToken.None)).ShouldBeNull();
        await EnqueueAsync(Job(2) with { After = here });
        (await Should.ThrowAsync<JobStoreException>(async () => await _store.GetAsync(there, CancellationToken.None))).Message.ShouldBe("Cell 1: It is away.");
        await Should.ThrowAsync<JobStoreException>(async () => await _store.GetAsync(Guid.NewGuid(), CancellationToken.None)); // it may be there
    }

    [Fact]
    public async Task Pauses_AreInAllCells_AndACellThatMissedSomeGetsThemWhenItIsOpened()
    {
        var pause = new JobPause(JobPauseScope.Queue, "mail", "deploy");
        await _store.PauseAsync(pause, CancellationToken.None);
        foreach (var store in _stores)
        {
            (await store.ListPausesAsync(CancellationToken.None)).ShouldBe([pause]);
        }

        await _stores[1].ResumeAsync(JobPauseScope.Queue, "mail", CancellationToken.None);
        await _stores[2].PauseAsync(new JobPause(JobPauseScope.Name, "known"), CancellationToken.None);
        await using var again = new CellJobStore(_stores); // as another process sees the same cells
        await again.OpenAsync(new JobNode("other", [], 3), _listener, CancellationToken.None);

        foreach (var store in _stores)
        {
            (await store.ListPausesAsync(CancellationToken.None)).ShouldBe([pause]);
        }

        (await again.ResumeAsync(JobPauseScope.Queue, "mail", CancellationToken.None)).ShouldBeTrue();
        (await again.ResumeAsync(JobPauseScope.Queue, "mail", CancellationToken.None)).ShouldBeFalse();
        (await again.ListPausesAsync(CancellationToken.None)).ShouldBeEmpty();
    }

    [Fact]
    public async Task ABatch_WithoutAShard_GoesWhereTheJobIsThatOneOfItsJobsWaitsFor()
    {
        var parent = await EnqueueAsync(Job(2));
        var end = Job(null) with { Members = 2, Name = "runtime:batch" };
        NewJob[] jobs = [end, Job(null) with { Batch = end.Id }, Job(null) with { Batch = end.Id, After = parent }];

        var receipts = await _store.EnqueueAsync(jobs, null, CancellationToken.None);

        receipts.ShouldAllBe(static receipt => IsIn(receipt.Id, 2));
        (await _store.CountAsync(new JobFilter { Batch = receipts[0].Id }, CancellationToken.None)).Values.Sum().ShouldBe(2);
        (await _stores[2].GetAsync(receipts[2].Id, CancellationToken.None)).ShouldNotBeNull().Batch.ShouldBe(receipts[0].Id);
        (await _store.EnqueueAsync(jobs, null, CancellationToken.None)).ShouldBe(receipts); // again, by the same ids
        (await _stores[2].CountAsync(new JobFilter(), CancellationToken.None)).Values.Sum().ShouldBe(4);
    }

    [Fact]
    public async Task List_WhereTimesAreOutOfOrder_LeavesNothingOut()
    {
        // As enqueues that overlap leave them: a later number with an earlier time.
        var clocks = Enumerable.Range(0, 2).Select(static _ => new SettableClock()).ToList();
        MemoryJobStore[] stores = [new(clocks[0]), new(clocks[1])];
        await using var store = new CellJobStore(stores);
        await store.OpenAsync(new JobNode("test", ["known"], 3), _listener, CancellationToken.None);
        var random = new Random(3);
        var ids = new List<Guid>();
        for (var i = 0; i < 60; i++)
        {
            var cell = random.Next(2);
            clocks[cell].Advance(TimeSpan.FromSeconds(random.Next(-5, 7)));
            ids.Add((await stores[cell].EnqueueAsync([Job(null) with { Id = Guid.CreateVersion7() }], null, CancellationToken.None))[0].Id);
        }

        (await ListAsync(new JobFilter { PageSize = 4 }, store)).Order().ShouldBe(ids.Order());
    }

    [Fact]
    public async Task Pauses_OfADatabaseThatBecomesAClosedCell_HoldInAllCells()
    {
        var pause = new JobPause(JobPauseScope.Queue, "mail", "deploy");
        await _stores[0].PauseAsync(pause, CancellationToken.None); // before there were cells
        await using var closed = new CellJobStore(_stores, closed: [0]);

        await closed.OpenAsync(new JobNode("other", [], 3), _listener, CancellationToken.None);

        foreach (var store in _stores)
        {
            (await store.ListPausesAsync(CancellationToken.None)).ShouldBe([pause]);
        }
    }

    [Fact]
    public async Task AClosedCell_TakesNoNewJobs_AndItsOldOnesRun()
    {
        var old = await EnqueueAsync(Job(0));
        await using var closed = new CellJobStore(_stores, closed: [0]);
        await closed.OpenAsync(new JobNode("other", [], 3), _listener, CancellationToken.None);

        await closed.EnqueueAsync([Job(null) with { Id = closed.NewId(_clock.GetUtcNow(), null, null) }], null, CancellationToken.None);

        (await _stores[1].CountAsync(new JobFilter(), CancellationToken.None)).ShouldHaveSingleItem().Value.ShouldBe(1);
        var claims = await closed.ClaimAsync(new JobClaimRequest { Room = 10, StarvationThreshold = TimeSpan.FromHours(1) }, CancellationToken.None);
        claims.Jobs.Count.ShouldBe(2);
        (await closed.EndAsync([.. claims.Jobs.Select(static job => new JobEnding(job.Lease, JobEndingKind.Succeeded))], CancellationToken.None)).ShouldBe([true, true]);
        (await closed.GetAsync(old, CancellationToken.None)).ShouldNotBeNull().State.ShouldBe(JobState.Succeeded);
    }

    [Fact]
    public async Task BeforeTheStart_TheStoreIsNotOpen_AndToTryAgainIsNoHelp()
    {
        await using var unopened = new CellJobStore(_stores);

        var refused = await Should.ThrowAsync<JobStoreException>(async () => await unopened.EnqueueAsync([Job(null)], null, CancellationToken.None));

        (refused.Message, refused.IsTransient).ShouldBe(("The job store is not open: the host has not started yet.", false));
    }

    [Fact]
    public async Task APlaceThatThrows_IsNamed_AndIsAskedOnceForAJob()
    {
        var asked = 0;
        await using var store = new CellJobStore(_stores, place: value => value == "x" ? throw new IOException("The directory is down.") : asked++);
        await store.OpenAsync(new JobNode("other", [], 3), _listener, CancellationToken.None);

        var id = store.NewId(_clock.GetUtcNow(), "a", null); // to 0, and would go to 1 if it were asked again
        await store.EnqueueAsync([Job(null) with { Id = id, ShardBy = "a" }], null, CancellationToken.None);

        (await _stores[0].GetAsync(id, CancellationToken.None)).ShouldNotBeNull();
        Should.Throw<InvalidOperationException>(() => store.NewId(_clock.GetUtcNow(), "x", null)).Message.ShouldBe("What places a ShardBy in a cell threw for 'x': The directory is down. Mend it, or let it return null.");
    }

    [Fact]
    public async Task FiltersOfIdsAndBatches_AskTheirCellsOnly_AndAPauseThatIsHalfInForceSaysSo()
    {
        var here = await EnqueueAsync(Job(2));
        _troubles[1].IsAway = true;

        (await _store.ListAsync(new JobFilter { Ids = [here] }, CancellationToken.None)).Jobs.ShouldHaveSingleItem();
        (await _store.ListAsync(new JobFilter { Batch = here }, CancellationToken.None)).Jobs.ShouldBeEmpty();
        (await _store.CancelAsync(new JobFilter { Ids = [here] }, null, CancellationToken.None)).ShouldBe(1);
        (await Should.ThrowAsync<JobStoreException>(async () => await _store.PauseAsync(new JobPause(JobPauseScope.Queue, "mail"), CancellationToken.None)))
            .Message.ShouldBe("In cell 0 it has happened. 1 of 2 cells could not pause; the others have. Repeat the call when they answer. Cell 1: It is away. What was left out gets it when it is opened again, too.");
        (await _stores[2].ListPausesAsync(CancellationToken.None)).ShouldHaveSingleItem();
    }

    [Fact]
    public void Cells_ThatCannotBe_AreNamed()
    {
        Should.Throw<ArgumentException>(static () => new CellJobStore([])).Message.ShouldStartWith("stores has 0 cells; it must be from 1 to 256.");
        Should.Throw<ArgumentException>(() => new CellJobStore([_stores[0], null], closed: [1])).Message.ShouldStartWith("closed names cell 1, which is not among the cells. Name numbers from 0 to 1, in the order of the list.");
        Should.Throw<ArgumentException>(() => new CellJobStore([_stores[0]], closed: [0])).Message.ShouldStartWith("No cell takes new jobs; one must.");
    }

    private static bool IsIn(Guid id, int cell) => CellIds.TryGetCell(id, out var number) && number == cell;

    private static JobSchedule Schedule(int cell, DateTimeOffset next, DateTimeOffset put = default) =>
        new() { Name = "nightly", Cron = "0 * * * *", TimeZone = "UTC", MissedRuns = MissedRuns.Once, Template = new NewJob { Id = Guid.CreateVersion7(put == default ? next : put), Name = "known", Queue = "default", Arguments = "{}"u8.ToArray(), MaxAttempts = 1, ShardBy = $"{cell}" }, Next = next };

    private NewJob Job(int? cell)
    {
        var shardBy = cell is null ? null : $"{cell}";
        return new() { Id = _store.NewId(_clock.GetUtcNow(), shardBy, null), Name = "known", Queue = "default", Arguments = "{}"u8.ToArray(), MaxAttempts = 3, ShardBy = shardBy };
    }

    private async Task<Guid> EnqueueAsync(NewJob job) => (await _store.EnqueueAsync([job], null, CancellationToken.None))[0].Id;

    private async Task<List<Guid>> ListAsync(JobFilter filter, CellJobStore? store = null)
    {
        var ids = new List<Guid>();
        for (JobPage? page = null; page is null || page.Next is not null;)
        {
            page = await (store ?? _store).ListAsync(filter with { From = page?.Next }, CancellationToken.None);
            page.Jobs.Count.ShouldBeLessThanOrEqualTo(filter.PageSize);
            ids.AddRange(page.Jobs.Select(static job => job.Id));
        }

        return ids;
    }
}
