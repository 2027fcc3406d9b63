using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Runtime.Core;
using Runtime.Hosting;
using Runtime.Jobs.PostgreSql.Tests.Nodes;
using Runtime.Jobs.PostgreSql.Tests.Server;

namespace Runtime.Jobs.PostgreSql.Tests;

/// <summary>An application that grows from a file to a database.</summary>
[Collection(PostgreSqlCollection.Name)]
public sealed class ImportJobsTests(PostgreSqlServer server) : IDisposable
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly string _schema = $"t{Guid.NewGuid():N}";
    private readonly string _folder = Directory.CreateTempSubdirectory("runtime-jobs-import-").FullName;
    private readonly ConcurrentQueue<string> _ran = new();

    private string Database => Path.Combine(_folder, "jobs.db");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task ImportJobs_OfAFile_KeepsIdsStatesKeysBatchesAndOrder_AndRunsThemOnce()
    {
        var before = new Dictionary<Guid, JobInfo>();
        Guid failed, unique, parent, child, batch;
        using (var host = await StartAsync(static (builder, path) => builder.UseSqlite($"Data Source={path}")))
        {
            var jobs = JobsOf(host);
            await (await EnqueueAsync(jobs, "succeeds")).WaitAsync();
            failed = (await (await EnqueueAsync(jobs, "fails", new JobOptions { MaxAttempts = 1, Tags = ["red"] })).WaitAsync()).Id;
            await jobs.PauseAsync(new JobPause(JobPauseScope.Queue, "default", "moving house"));
            await EnqueueAsync(jobs, "late", new JobOptions { Delay = Hour });
            unique = (await EnqueueAsync(jobs, "unique", new JobOptions { UniqueKey = "u", Priority = TaskPriority.Low })).Id;
            parent = (await EnqueueAsync(jobs, "parent", new JobOptions { RateKey = "r", RateLimit = 7, RatePeriod = Hour, ConcurrencyKey = "c" })).Id;
            child = (await EnqueueAsync(jobs, "child", new JobOptions { After = parent })).Id;
            await EnqueueAsync(jobs, "grandchild", new JobOptions { After = child });
            batch = (await jobs.EnqueueBatchAsync(new JobBatch().Add<NoteJob, Note>(new("member 1")).Add<NoteJob, Note>(new("member 2")).AtEnd<NoteJob, Note>(new("end")))).Id;
            await host.Services.GetRequiredService<IRecurringJobs>().PutAsync<NoteJob, Note>("yearly", "0 0 1 1 *", new("yearly"));
            foreach (var job in (await jobs.ListAsync(new JobFilter { PageSize = 100 })).Jobs)
            {
                before[job.Id] = (await jobs.GetAsync(job.Id))!;
            }

            await host.StopAsync();
        }

        _ran.Clear();
        using var moved = await StartAsync(MoveIn);
        var there = JobsOf(moved);
        (await there.ListPausesAsync()).ShouldHaveSingleItem().Reason.ShouldBe("moving house");
        (await there.EnqueueAsync<NoteJob, Note>(new("again"), new JobOptions { UniqueKey = "u" })).Id.ShouldBe(unique);
        (await there.ListAsync(new JobFilter { PageSize = 100 })).Jobs.Select(static job => job.Id).Order().ShouldBe(before.Keys.Order());
        foreach (var (id, old) in before)
        {
            var now = (await there.GetAsync(id))!;
            now.Arguments.ToArray().ShouldBe(old.Arguments.ToArray());
            now.Result.ToArray().ShouldBe(old.Result.ToArray());
            now.Tags.ShouldBe(old.Tags);
            var expected = old with { Row = now.Row, State = now.State, Arguments = now.Arguments, Result = now.Result, Tags = now.Tags };
            Whole(now).ShouldBe(Whole(expected), old.Name);
            (old.State is JobState.Queued ? now.State is JobState.Queued or JobState.Scheduled : now.State == old.State).ShouldBeTrue($"{old.State} became {now.State}");
        }

        (await moved.Services.GetRequiredService<IRecurringJobs>().ListAsync()).ShouldHaveSingleItem().Name.ShouldBe("yearly");
        await there.ResumeAsync(JobPauseScope.Queue, "default");
        await there.RetryAsync(new JobFilter { Ids = [failed] });
        await (await there.FindBatchAsync(batch))!.WaitAsync();
        await Eventually.TrueAsync(() => _ran.Count == 8);
        _ran.Order(StringComparer.Ordinal).ShouldBe(["child", "end", "fails", "grandchild", "member 1", "member 2", "parent", "unique"]);
        await moved.StopAsync();

        // The line may stay: nothing comes again, not even what has been discarded since.
        using var again = await StartAsync(MoveIn);
        (await JobsOf(again).CountAsync()).Values.Sum().ShouldBe(before.Count);
        (await JobsOf(again).ListPausesAsync()).ShouldBeEmpty();
        await again.StopAsync();
        _ran.Count.ShouldBe(8);
    }

    [Fact]
    public async Task ImportJobs_CutOffBetweenTheStores_IsRepeatedAndStoresNothingTwice()
    {
        const int Count = 450;
        using (var host = await StartAsync(static (builder, path) => builder.UseSqlite($"Data Source={path}")))
        {
            await JobsOf(host).PauseAsync(new JobPause(JobPauseScope.Queue, "default"));
            await JobsOf(host).EnqueueManyAsync<NoteJob, Note>(Enumerable.Range(0, Count).Select(static i => new Note($"{i}")));
            await host.StopAsync();
        }

        var copy = Database + ".copy";
        File.Copy(Database, copy);
        using (var first = await StartAsync(MoveIn))
        {
            await first.StopAsync();
        }

        File.Copy(copy, Database, overwrite: true); // as if nothing had been removed from it
        using var second = await StartAsync(MoveIn);
        (await JobsOf(second).CountAsync()).Values.Sum().ShouldBe(Count);
        await JobsOf(second).ResumeAsync(JobPauseScope.Queue, "default");
        await Eventually.TrueAsync(() => _ran.Count == Count);
        _ran.Distinct(StringComparer.Ordinal).Count().ShouldBe(Count);
        await second.StopAsync();
    }

    [Fact]
    public async Task ImportJobs_WithoutAFile_DoesNothingAndMakesNone()
    {
        using var host = await StartAsync(MoveIn);

        await (await EnqueueAsync(JobsOf(host), "runs")).WaitAsync();

        File.Exists(Database).ShouldBeFalse();
        await host.StopAsync();
    }

    [Fact]
    public async Task ImportJobs_OfSeveralProcessesAtOnce_AllStart_AndTheJobsRunOnce()
    {
        using (var host = await StartAsync(static (builder, path) => builder.UseSqlite($"Data Source={path}")))
        {
            await JobsOf(host).PauseAsync(new JobPause(JobPauseScope.Queue, "default"));
            for (var i = 0; i < 300; i++)
            {
                await EnqueueAsync(JobsOf(host), $"{i}");
            }

            await host.StopAsync();
        }

        var hosts = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(() => StartAsync(MoveIn))));
        await JobsOf(hosts[0]).ResumeAsync(JobPauseScope.Queue, "default");
        await Eventually.TrueAsync(() => _ran.Count >= 300);
        foreach (var host in hosts)
        {
            await host.StopAsync();
            host.Dispose();
        }

        _ran.Order(StringComparer.Ordinal).ShouldBe(Enumerable.Range(0, 300).Select(static i => $"{i}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task ImportJobs_OfAFileInUse_StopsTheStartAndSaysWhy()
    {
        using var owner = await StartAsync(static (builder, path) => builder.UseSqlite($"Data Source={path}"));

        var refused = await Should.ThrowAsync<JobStoreException>(() => StartAsync(MoveIn));

        refused.Message.ShouldStartWith($"The job store '{Database}' is in use by another process, or cannot be locked");
        await owner.StopAsync();
    }

    [Fact]
    public async Task ImportJobs_IntoAStoreThatCannot_SaysWhichCan()
    {
        var refused = await Should.ThrowAsync<InvalidOperationException>(() => StartAsync(static (builder, path) => builder.UseSqlite($"Data Source={path}").ImportJobs(from => from.UseSqlite($"Data Source={path}.old"))));

        refused.Message.ShouldBe("ImportJobs cannot move jobs from the store 'sqlite' into the store 'sqlite'; it moves them from SQLite into PostgreSQL. Name those two, or leave ImportJobs out.");
        Should.Throw<ArgumentException>(() => new ServiceCollection().AddAsyncRuntime().ImportJobs(static _ => { })).Message.ShouldBe("from names no store to move jobs from; it must call UseSqlite(…). (Parameter 'from')");
    }

    private static object Whole(JobInfo info) => info with { StartedAt = Micro(info.StartedAt), FinishedAt = Micro(info.FinishedAt), EnqueuedAt = Micro(info.EnqueuedAt)!.Value, RunAt = Micro(info.RunAt)!.Value };

    // What PostgreSQL keeps of a time.
    private static DateTimeOffset? Micro(DateTimeOffset? time) => time is { } some ? new DateTimeOffset(some.UtcTicks / 10 * 10, TimeSpan.Zero) : null;

    private static IJobClient JobsOf(IHost host) => host.Services.GetRequiredService<IJobClient>();

    private static ValueTask<JobHandle> EnqueueAsync(IJobClient jobs, string note, JobOptions? options = null) => jobs.EnqueueAsync<NoteJob, Note>(new(note), options);

    private void MoveIn(IAsyncRuntimeBuilder builder, string path) =>
        builder.UsePostgreSql(server.ConnectionString, options => options.Schema = _schema).ImportJobs(from => from.UseSqlite($"Data Source={path}"));

    private async Task<IHost> StartAsync(Action<IAsyncRuntimeBuilder, string> use)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddSingleton(_ran);
        use(builder.Services.AddAsyncRuntime().AddJob<NoteJob>(), Database);
        var host = builder.Build();
        try
        {
            await host.StartAsync();
            return host;
        }
        catch (Exception)
        {
            host.Dispose();
            throw;
        }
    }

    internal sealed record Note(string Text);

    [Job("note")]
    internal sealed class NoteJob(ConcurrentQueue<string> ran) : IJob<Note>
    {
        public ValueTask<JobOutcome> RunAsync(Note args, JobContext context, CancellationToken cancellationToken)
        {
            ran.Enqueue(args.Text);
            if (args.Text == "fails" && context.Attempt == 1 && ran.Count < 3)
            {
                throw new InvalidOperationException("on purpose");
            }

            return new(JobOutcome.Done);
        }
    }
}
