using Microsoft.Data.Sqlite;
using Runtime.Hosting;
using Runtime.Hosting.Jobs;
using Runtime.Jobs.Conformance;

namespace Runtime.Jobs.Sqlite.Tests;

public sealed class SqliteFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("runtime-jobs-file-").FullName;
    private readonly SettableClock _clock = new();
    private readonly RecordingListener _listener = new();

    private string Database => Path.Combine(_folder, "jobs.db");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Reopen_AfterAStop_FindsTheJobsAsTheyWere()
    {
        var queued = New();
        await using (var store = await OpenAsync())
        {
            await store.EnqueueAsync([queued, New() with { Delay = TimeSpan.FromHours(1) }], null, CancellationToken.None);
        }

        await using var again = await OpenAsync();
        (await ClaimAsync(again)).ShouldHaveSingleItem().Job.Id.ShouldBe(queued.Id);
    }

    [Fact]
    public async Task Reopen_AfterACrash_QueuesWhatRan_CountsTheCrash_AndFencesTheOldRun()
    {
        var job = New() with { ConcurrencyKey = "k" };
        var store = await OpenAsync();
        await store.EnqueueAsync([job, New() with { ConcurrencyKey = "k" }], null, CancellationToken.None);
        var old = (await ClaimAsync(store)).ShouldHaveSingleItem();
        await store.DisposeAsync(); // to the file, a crash: nobody has said how the run ended

        await using var again = await OpenAsync();
        var claimed = (await ClaimAsync(again)).ShouldHaveSingleItem(); // and its place under the key was given back
        (claimed.Job.Id, claimed.Attempt, claimed.Crashes).ShouldBe((job.Id, 2, 1));
        (await again.EndAsync([new JobEnding(old.Lease, JobEndingKind.Succeeded)], CancellationToken.None)).ShouldBe([false]);
    }

    [Fact]
    public async Task Reopen_AfterTwoCrashes_TheSuspectComesOnlyAlone_AndAfterThreeItHasFailed()
    {
        var job = New();
        for (var crash = 0; crash < 2; crash++)
        {
            await using var store = await OpenAsync();
            await store.EnqueueAsync([job], null, CancellationToken.None);
            (await ClaimAsync(store)).ShouldHaveSingleItem();
        }

        await using (var store = await OpenAsync())
        {
            var good = New();
            await store.EnqueueAsync([good], null, CancellationToken.None);
            var claims = await store.ClaimAsync(new JobClaimRequest { Room = 10, StarvationThreshold = TimeSpan.FromHours(1) }, CancellationToken.None);
            claims.Jobs.ShouldHaveSingleItem().Job.Id.ShouldBe(good.Id);
            claims.SuspectWaits.ShouldBeTrue();
            var alone = await store.ClaimAsync(new JobClaimRequest { Room = 10, StarvationThreshold = TimeSpan.FromHours(1), Suspect = true }, CancellationToken.None);
            alone.Jobs.ShouldHaveSingleItem().Job.Id.ShouldBe(job.Id);
        }

        await using var last = await OpenAsync();
        var info = (await last.GetAsync(job.Id, CancellationToken.None))!;
        (info.State, info.Crashes, info.Reason).ShouldBe((JobState.Failed, 3, "The process died 3 times while it ran."));
    }

    [Fact]
    public async Task Reopen_ByAProcessThatKnowsTheName_ReleasesParkedJobs()
    {
        var job = New() with { Name = "newer" };
        await using (var store = await OpenAsync())
        {
            await store.EnqueueAsync([job], null, CancellationToken.None);
            var claimed = (await ClaimAsync(store)).ShouldHaveSingleItem();
            await store.EndAsync([new JobEnding(claimed.Lease, JobEndingKind.Parked, "who is that")], CancellationToken.None);
        }

        await using var again = await OpenAsync("newer");
        (await ClaimAsync(again)).ShouldHaveSingleItem().Attempt.ShouldBe(1);
    }

    [Fact]
    public async Task Open_ByASecondProcess_IsRefused()
    {
        await using var store = await OpenAsync();

        var failure = await Should.ThrowAsync<JobStoreException>(() => OpenAsync());

        failure.IsTransient.ShouldBeFalse();
        failure.Message.ShouldStartWith($"The job store '{Database}' is in use by another process, or cannot be locked (");
    }

    [Fact]
    public async Task Open_ThroughALinkToAFileInUse_IsRefused()
    {
        await using var store = await OpenAsync();
        var link = Path.Combine(_folder, "link.db");
        File.CreateSymbolicLink(link, Database);

        var failure = Should.Throw<JobStoreException>(() => SqliteFile.Parse($"Data Source={link}").Lock());

        failure.Message.ShouldStartWith($"The job store '{link}' is in use by another process, or cannot be locked (");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Enqueue_AfterTheFileWasDeletedOrReplaced_IsRefused(bool isReplaced)
    {
        await using var store = await OpenAsync();
        File.Move(Database, Database + ".moved");
        if (isReplaced)
        {
            File.Copy(Database + ".moved", Database);
        }

        var failure = await Should.ThrowAsync<JobStoreException>(async () => await store.EnqueueAsync([New()], null, CancellationToken.None));

        (failure.IsTransient, failure.Message).ShouldBe((false,
            $"The job store '{Database}' was deleted or replaced while it was in use, and nothing is stored in it any more. Restart the process; what it had stored is in the file that was there, if that is still somewhere."));
        File.Move(Database + ".moved", Database, overwrite: true);
        await store.EnqueueAsync([New()], null, CancellationToken.None); // it is back
    }

    [Fact]
    public async Task Open_AFileOfANewerProgram_IsRefusedAndLeftAlone()
    {
        await (await OpenAsync()).DisposeAsync();
        await RunAsync("UPDATE runtime_job_meta SET value = 7 WHERE key = 'version'");
        var epoch = await RunAsync("SELECT value FROM runtime_job_meta WHERE key = 'epoch'");

        var failure = await Should.ThrowAsync<JobStoreException>(() => OpenAsync());

        failure.Message.ShouldBe($"The job store '{Database}' has version 7 of the schema; this program knows versions up to 4. Run the newer program, or one with another file.");
        (await RunAsync("SELECT value FROM runtime_job_meta WHERE key = 'epoch'")).ShouldBe(epoch);
    }

    [Fact]
    public async Task Open_AFileThatIsNotSqlite_IsRefused()
    {
        await File.WriteAllTextAsync(Database, new string('x', 5000));

        (await Should.ThrowAsync<JobStoreException>(() => OpenAsync())).Message.ShouldStartWith($"The job store '{Database}' cannot be opened: ");
        (await File.ReadAllTextAsync(Database)).Length.ShouldBe(5000);
    }

    [Theory]
    [InlineData("Data Source=:memory:")]
    [InlineData("Data Source=")]
    public void Parse_WithoutAFile_IsRefused(string connectionString) =>
        Should.Throw<ArgumentException>(() => SqliteFile.Parse(connectionString)).Message.ShouldContain("it must be the path of a file");

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Enqueue_InTheCallersTransaction_StandsAndFallsWithIt(bool commit)
    {
        await using var store = await OpenAsync();
        await using var connection = new SqliteConnection($"Data Source={Database}");
        await connection.OpenAsync();
        await using var transaction = (SqliteTransaction)await connection.BeginTransactionAsync();
        var job = New();
        await store.EnqueueAsync([job], transaction, CancellationToken.None);
        (await store.GetAsync(job.Id, CancellationToken.None)).ShouldBeNull();

        if (commit)
        {
            await transaction.CommitAsync();
            (await ClaimAsync(store)).ShouldHaveSingleItem().Job.Id.ShouldBe(job.Id);
        }
        else
        {
            await transaction.RollbackAsync();
            (await ClaimAsync(store)).ShouldBeEmpty();
        }
    }

    [Fact]
    public async Task Enqueue_OneOfABatchFails_OnlyItsCallerIsTold()
    {
        await using var store = await OpenAsync();
        var bad = New() with { Name = null! };
        var calls = Enumerable.Range(0, 50).Select(i => store.EnqueueAsync([i == 25 ? bad : New()], null, CancellationToken.None).AsTask()).ToArray();

        await Task.WhenAll(calls).ContinueWith(static _ => { }, TaskScheduler.Default);

        calls.Count(static call => call.IsCompletedSuccessfully).ShouldBe(49);
        calls[25].Exception!.InnerException.ShouldBeOfType<JobStoreException>();
        (await ClaimAsync(store)).Count.ShouldBe(49);
    }

    [Fact]
    public async Task Resume_InOneTransactionWithANewSchedule_DoesNotSwallowItsSignal()
    {
        await using var store = await OpenAsync();
        await store.PauseAsync(new JobPause(JobPauseScope.Queue, "q"), CancellationToken.None);
        await using var connection = new SqliteConnection($"Data Source={Database};Pooling=False");
        await connection.OpenAsync();
        Task put;
        Task resume;
        await using (var transaction = (SqliteTransaction)await connection.BeginTransactionAsync())
        {
            _ = store.PauseAsync(new JobPause(JobPauseScope.Queue, "other"), CancellationToken.None).AsTask(); // waits for the file, and what follows collects
            put = store.PutScheduleAsync(new JobSchedule { Name = "s", Cron = "0 3 * * *", TimeZone = "UTC", MissedRuns = default, Template = New() }, CancellationToken.None).AsTask();
            resume = store.ResumeAsync(JobPauseScope.Queue, "q", CancellationToken.None).AsTask();
            await transaction.RollbackAsync();
        }

        await Task.WhenAll(put, resume);

        _listener.Schedules.ShouldBe(1);
    }

    private static NewJob New() => new() { Id = Guid.CreateVersion7(), Name = "known", Queue = "default", Arguments = "{}"u8.ToArray(), MaxAttempts = 10 };

    private static async Task<IReadOnlyList<ClaimedJob>> ClaimAsync(SqliteJobStore store) =>
        (await store.ClaimAsync(new JobClaimRequest { Room = 100, StarvationThreshold = TimeSpan.FromHours(1) }, CancellationToken.None)).Jobs;

    private async Task<SqliteJobStore> OpenAsync(params string[] names)
    {
        var store = new SqliteJobStore(SqliteFile.Parse($"Data Source={Database}"), _clock);
        await store.OpenAsync(new JobNode("test", names, 3), _listener, CancellationToken.None);
        return store;
    }

    private async Task<object?> RunAsync(string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={Database};Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteScalarAsync();
    }
}
