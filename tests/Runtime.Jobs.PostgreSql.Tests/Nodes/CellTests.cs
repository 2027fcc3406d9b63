using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Runtime.Hosting;
using Runtime.Jobs.PostgreSql.Tests.Server;

namespace Runtime.Jobs.PostgreSql.Tests.Nodes;

/// <summary>Processes whose jobs are spread over three databases.</summary>
[Collection(PostgreSqlCollection.Name)]
public sealed class CellTests(PostgreSqlServer server) : IAsyncLifetime
{
    private const int Cells = 3;

    private readonly string[] _databases = [.. Enumerable.Range(0, Cells).Select(static _ => $"d{Guid.NewGuid():N}")];
    private readonly Ran _ran = new();

    public async Task InitializeAsync()
    {
        foreach (var database in _databases)
        {
            await ExecuteAsync($"CREATE DATABASE {database} TEMPLATE template0");
        }
    }

    public async Task DisposeAsync()
    {
        foreach (var database in _databases)
        {
            await ExecuteAsync($"DROP DATABASE {database} WITH (FORCE)");
        }
    }

    [Fact]
    public async Task Jobs_OfManyShards_RunOnceOnTwoProcesses_AndEachShardIsInOneDatabase()
    {
        const int Shards = 30;
        await using var one = await StartAsync(ConnectionStrings);
        await using var other = await StartAsync(ConnectionStrings);
        var jobs = new List<JobHandle>();
        for (var i = 0; i < 300; i++)
        {
            jobs.Add(await JobsOf(i % 2 == 0 ? one : other).EnqueueAsync<MarkJob, Mark>(new(i), new JobOptions { ShardBy = $"tenant-{i % Shards}", Tags = [$"tenant-{i % Shards}"] }));
        }

        await Task.WhenAll(jobs.Select(static job => job.WaitAsync()));

        _ran.Values.Order().ShouldBe(Enumerable.Range(0, 300));
        var shards = new ConcurrentDictionary<string, string>();
        foreach (var database in _databases)
        {
            var tags = await ReadAsync(database, "SELECT DISTINCT unnest(tags) FROM async_runtime.all_jobs");
            tags.Count.ShouldBeGreaterThan(0);
            tags.ShouldAllBe(tag => shards.TryAdd(tag, database));
        }

        shards.Count.ShouldBe(Shards);
        (await JobsOf(one).CountAsync()).ShouldBe(new Dictionary<JobState, long> { [JobState.Succeeded] = 300 });
        (await JobsOf(other).GetAsync(jobs[7].Id)).ShouldNotBeNull();
    }

    [Fact]
    public async Task ADatabaseUnderAnotherNumber_IsRefused()
    {
        await (await StartAsync(ConnectionStrings)).DisposeAsync();

        var swapped = await Should.ThrowAsync<JobStoreException>(async () => await StartAsync([ConnectionStrings[1], ConnectionStrings[0]]));
        swapped.Message.ShouldStartWith("The job store in schema 'async_runtime' of the database '" + _databases[1] + "' on '127.0.0.1' is cell 1, and is listed as cell 0. The place in the list is the number: put the connection strings into the order that they had, append new ones, and leave an empty one for a database that is gone.");
        (await Should.ThrowAsync<JobStoreException>(async () => await StartAsync([ConnectionStrings[0], ConnectionStrings[0]]))).Message.ShouldContain("is cell 0, and is listed as cell 1.");
        await using var without = await StartAsync([ConnectionStrings[0], "", ConnectionStrings[2]]); // one that is gone
        await (await JobsOf(without).EnqueueAsync<MarkJob, Mark>(new(1), new JobOptions { ShardBy = "x" })).WaitAsync();
    }

    [Fact]
    public async Task ATransactionOfTheCaller_IsJoinedInTheDatabaseOfItsShard_AndNoOther()
    {
        await using var host = await StartAsync(ConnectionStrings, static options => options.CellOf = static shard => int.Parse(shard, CultureInfo.InvariantCulture));
        await using var connection = new NpgsqlConnection(ConnectionStrings[1]);
        await connection.OpenAsync();
        JobHandle first, second;
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            first = await JobsOf(host).EnqueueAsync<MarkJob, Mark>(new(1), transaction, new JobOptions { ShardBy = "1" });
            second = await JobsOf(host).EnqueueAsync<MarkJob, Mark>(new(2), transaction, new JobOptions { After = first.Id }); // which nobody else can see yet
            (await Should.ThrowAsync<NotSupportedException>(async () => await JobsOf(host).EnqueueAsync<MarkJob, Mark>(new(3), transaction, new JobOptions { ShardBy = "2" }))).Message.ShouldBe(
                $"The job belongs to cell 2 by its ShardBy '2'. A NpgsqlTransaction cannot be joined: the jobs are in the PostgreSQL database '{_databases[2]}' on '127.0.0.1'. Begin the transaction on a connection to that database, or enqueue after it has committed.");
            (await JobsOf(host).GetAsync(first.Id)).ShouldBeNull();
            await transaction.CommitAsync();
        }

        await second.WaitAsync();
        _ran.Values.ShouldBe([1, 2]);
    }

    [Fact]
    public async Task ADatabaseThatIsAway_HoldsUpItsOwnJobsOnly_AndItsEndsAreWrittenWhenItIsBack()
    {
        await using var host = await StartAsync(ConnectionStrings, static options => options.CellOf = static shard => int.Parse(shard, CultureInfo.InvariantCulture));
        var held = await JobsOf(host).EnqueueAsync<MarkJob, Mark>(new(-1), new JobOptions { ShardBy = "1" });
        await _ran.Started.Task;
        await AllowAsync(_databases[1], false);
        _ran.Go.SetResult();

        for (var i = 0; i < 20; i++)
        {
            await (await JobsOf(host).EnqueueAsync<MarkJob, Mark>(new(i), new JobOptions { ShardBy = i % 2 == 0 ? "0" : "2" })).WaitAsync();
        }

        (await Should.ThrowAsync<JobStoreException>(async () => await JobsOf(host).EnqueueAsync<MarkJob, Mark>(new(99), new JobOptions { ShardBy = "1" }))).Message.ShouldStartWith("Cell 1: The job store in database");
        await Eventually.TrueAsync(async () => (await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Entries.Values.Any(static entry => entry.Description?.Contains("Cell 1: ", StringComparison.Ordinal) == true));
        await AllowAsync(_databases[1], true);
        await held.WaitAsync();
        await Eventually.TrueAsync(async () => (await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Status == HealthStatus.Healthy);
    }

    [Fact]
    public async Task ADatabaseThatIsAwayAtTheStart_IsServedWhenItAnswers()
    {
        await using (var before = await StartAsync(ConnectionStrings, static options => options.CellOf = static shard => int.Parse(shard, CultureInfo.InvariantCulture)))
        {
            await JobsOf(before).PauseAsync(new JobPause(JobPauseScope.Queue, "default"));
            await JobsOf(before).EnqueueAsync<MarkJob, Mark>(new(1), new JobOptions { ShardBy = "1" });
        }

        await AllowAsync(_databases[1], false);
        await using var host = await StartAsync(ConnectionStrings, static options => options.CellOf = static shard => int.Parse(shard, CultureInfo.InvariantCulture));
        await JobsOf(host).EnqueueAsync<MarkJob, Mark>(new(0), new JobOptions { ShardBy = "0" });
        await Should.ThrowAsync<JobStoreException>(async () => await JobsOf(host).ResumeAsync(JobPauseScope.Queue, "default")); // but for the cell that is away
        await Eventually.TrueAsync(() => _ran.Values.Contains(0));
        _ran.Values.ShouldNotContain(1);

        await AllowAsync(_databases[1], true);
        await Eventually.TrueAsync(() => _ran.Values.Contains(1)); // and it was told of what it had missed
    }

    [Fact]
    public async Task Import_OfAFile_HoldsItsPausesInAllDatabases()
    {
        var folder = Directory.CreateTempSubdirectory("runtime-jobs-cells-").FullName;
        var file = $"Data Source={Path.Combine(folder, "jobs.db")}";
        await using (var before = await StartAsync(runtime => runtime.UseSqlite(file)))
        {
            await JobsOf(before).PauseAsync(new JobPause(JobPauseScope.Queue, "mail"));
            await JobsOf(before).EnqueueAsync<MarkJob, Mark>(new(1));
        }

        await using (var host = await StartAsync(runtime => runtime.UsePostgreSql(ConnectionStrings, static options => options.CellOf = static shard => int.Parse(shard, CultureInfo.InvariantCulture)).ImportJobs(from => from.UseSqlite(file))))
        {
            await JobsOf(host).EnqueueAsync<MarkJob, Mark>(new(2), new JobOptions { ShardBy = "1", Queue = "mail" });
            await (await JobsOf(host).EnqueueAsync<MarkJob, Mark>(new(3), new JobOptions { ShardBy = "1", Priority = Runtime.Core.TaskPriority.Low })).WaitAsync(); // behind the other one, if that could run
            await Eventually.TrueAsync(() => _ran.Values.Contains(1));
            _ran.Values.ShouldNotContain(2);
            foreach (var database in _databases)
            {
                (await ReadAsync(database, "SELECT key FROM async_runtime.pauses")).ShouldBe(["mail"]);
            }
        }

        Directory.Delete(folder, recursive: true);
    }

    private string[] ConnectionStrings => [.. _databases.Select(ConnectionTo)];

    private static IJobClient JobsOf(Running host) => host.Services.GetRequiredService<IJobClient>();

    private string ConnectionTo(string database) => new NpgsqlConnectionStringBuilder(server.ConnectionString) { Database = database }.ConnectionString;

    private Task<Running> StartAsync(string[] connectionStrings, Action<PostgreSqlJobOptions>? configure = null) => StartAsync(runtime => runtime.UsePostgreSql(connectionStrings, configure));

    private async Task<Running> StartAsync(Action<IAsyncRuntimeBuilder> configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddSingleton(_ran);
        builder.Services.AddHealthChecks();
        configure(builder.Services.AddAsyncRuntime().AddJob<MarkJob>());
        var host = builder.Build();
        try
        {
            await host.StartAsync();
        }
        catch (Exception)
        {
            host.Dispose();
            throw;
        }

        return new(host);
    }

    // Sessions of before end, as with a server that goes away.
    private async Task AllowAsync(string database, bool isAllowed)
    {
        await ExecuteAsync($"ALTER DATABASE {database} WITH ALLOW_CONNECTIONS {isAllowed}");
        if (!isAllowed)
        {
            await ExecuteAsync($"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{database}'");
        }
    }

    private Task ExecuteAsync(string sql) => ReadAsync("postgres", sql);

    private async Task<List<string>> ReadAsync(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(server.ConnectionString) { Database = database, Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
        {
            rows.Add(reader.GetValue(0).ToString()!);
        }

        return rows;
    }

    // Stopped and gone at the end of its test.
    private sealed class Running(IHost host) : IAsyncDisposable
    {
        public IServiceProvider Services => host.Services;

        public async ValueTask DisposeAsync()
        {
            await host.StopAsync();
            host.Dispose();
        }
    }

    public sealed record Mark(int Value);

    public sealed class Ran
    {
        public ConcurrentQueue<int> Values { get; } = new();

        public TaskCompletionSource Started { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Go { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    [Job("mark")]
    public sealed class MarkJob(Ran ran) : IJob<Mark>
    {
        public async ValueTask<JobOutcome> RunAsync(Mark args, JobContext context, CancellationToken cancellationToken)
        {
            ran.Values.Enqueue(args.Value);
            if (args.Value < 0)
            {
                ran.Started.TrySetResult();
                await ran.Go.Task.WaitAsync(CancellationToken.None);
            }

            return JobOutcome.Done;
        }
    }
}
