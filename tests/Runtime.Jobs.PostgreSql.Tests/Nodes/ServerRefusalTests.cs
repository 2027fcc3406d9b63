using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Runtime.Hosting;
using Runtime.Jobs.PostgreSql.Tests.Server;

namespace Runtime.Jobs.PostgreSql.Tests.Nodes;

/// <summary>A server that is there and takes nothing, while jobs run: each time the caller is told, what was acknowledged stays, and nobody has to do anything for it to go on.</summary>
[Collection(PostgreSqlCollection.Name)]
public sealed class ServerRefusalTests(PostgreSqlServer server) : IAsyncLifetime
{
    private const string DiskFull = """
        CREATE FUNCTION {s}.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
        CREATE TRIGGER refuse BEFORE INSERT OR UPDATE OR DELETE ON {s}.jobs EXECUTE FUNCTION {s}.refuse()
        """;

    // Sessions of before keep what they began with; as a failover does, this ends them.
    private const string EndSessions = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{d}' AND pid <> pg_backend_pid()";

    private readonly string _database = $"d{Guid.NewGuid():N}";
    private readonly string _schema = $"t{Guid.NewGuid():N}";

    // Of the template that nobody connects to: another test may be connected to the usual one.
    public Task InitializeAsync() => ExecuteAsync("postgres", $"CREATE DATABASE {_database} TEMPLATE template0");

    public Task DisposeAsync() => ExecuteAsync("postgres", $"DROP DATABASE {_database} WITH (FORCE)");

    [Fact]
    public Task DiskFull_FailsEnqueuesClearly_AndWhatRanIsWrittenWhenThereIsRoom() => RefuseAsync(
        () => ExecuteAsync(_database, DiskFull),
        "could not extend file: No space left on device (53100). The server's disk is full: make room; nothing that was acknowledged is lost, and it goes on by itself.",
        () => ExecuteAsync(_database, "DROP TRIGGER refuse ON {s}.jobs"));

    [Fact]
    public Task ReadOnly_FailsEnqueuesClearly_AndWhatRanIsWrittenWhenItIsNoLonger() => RefuseAsync(
        async () =>
        {
            await ExecuteAsync("postgres", $"ALTER DATABASE {_database} SET default_transaction_read_only = on");
            await ExecuteAsync("postgres", EndSessions);
        },
        "cannot execute INSERT in a read-only transaction (25006). The server is read-only, a standby perhaps: connect to the primary (Target Session Attributes=primary).",
        async () =>
        {
            await ExecuteAsync("postgres", $"ALTER DATABASE {_database} SET default_transaction_read_only = off");
            await ExecuteAsync("postgres", EndSessions);
        });

    [Fact]
    public Task Away_FailsEnqueuesClearly_AndThoseWhoWaitGoOnWaiting() => RefuseAsync(
        async () =>
        {
            await ExecuteAsync("postgres", $"ALTER DATABASE {_database} WITH ALLOW_CONNECTIONS false");
            await ExecuteAsync("postgres", EndSessions);
        },
        "is not currently accepting connections (55000). Nothing of it has happened.",
        () => ExecuteAsync("postgres", $"ALTER DATABASE {_database} WITH ALLOW_CONNECTIONS true"));

    [Fact]
    public async Task Waits_WhileConnectionsAreEnded_AllEnd()
    {
        using var host = Build(new Gate());
        await host.StartAsync();
        host.Services.GetRequiredService<Gate>().Open.TrySetResult();
        var jobs = host.Services.GetRequiredService<IJobClient>();
        using var over = new CancellationTokenSource(TimeSpan.FromSeconds(3));
        var ending = Task.Run(async () =>
        {
            while (!over.IsCancellationRequested)
            {
                await ExecuteAsync("postgres", EndSessions);
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
            }
        });
        var waits = new List<Task<JobBatchStatus>>();
        while (!over.IsCancellationRequested)
        {
            try
            {
                waits.Add((await jobs.EnqueueBatchAsync(new JobBatch().Add<GateJob, NoArguments>(NoArguments.Value).Add<GateJob, NoArguments>(NoArguments.Value))).WaitAsync());
            }
            catch (JobStoreException exception) when (exception.IsTransient)
            {
                // The caller is told.
            }
        }

        await ending;
        foreach (var status in await Task.WhenAll(waits).WaitAsync(TimeSpan.FromSeconds(60)))
        {
            (status.Left, status.State).ShouldBe((0, JobState.Succeeded));
        }

        waits.ShouldNotBeEmpty();
        await host.StopAsync();
    }

    private async Task RefuseAsync(Func<Task> begin, string message, Func<Task> end)
    {
        var gate = new Gate();
        using var host = Build(gate);
        await host.StartAsync();
        var jobs = host.Services.GetRequiredService<IJobClient>();
        var before = await jobs.EnqueueAsync<GateJob, NoArguments>(NoArguments.Value);
        await gate.Entered.Task.WaitAsync(TimeSpan.FromSeconds(60));

        var early = before.WaitAsync();
        await begin();
        var refusals = new List<string>();
        await Eventually.TrueAsync(async () =>
        {
            refusals.Add((await Should.ThrowAsync<JobStoreException>(async () => await jobs.EnqueueAsync<GateJob, NoArguments>(NoArguments.Value))).Message);
            return refusals[^1].EndsWith(message, StringComparison.Ordinal); // the first may find the connection gone
        });
        var late = before.WaitAsync();
        gate.Open.TrySetResult(); // it ends, and nobody takes that
        await end();

        foreach (var job in await Task.WhenAll(early, late).WaitAsync(TimeSpan.FromSeconds(60)))
        {
            job.State.ShouldBe(JobState.Succeeded);
        }

        gate.Runs.ShouldBe(1, "its end was kept, so it need not run again");
        JobHandle? after = null;
        await Eventually.TrueAsync(async () =>
        {
            try
            {
                after = await jobs.EnqueueAsync<GateJob, NoArguments>(NoArguments.Value);
                return true;
            }
            catch (JobStoreException exception) when (exception.IsTransient)
            {
                return false;
            }
        });
        (await after!.WaitAsync().WaitAsync(TimeSpan.FromSeconds(60))).State.ShouldBe(JobState.Succeeded);
        await host.StopAsync();
    }

    private IHost Build(Gate gate)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddSingleton(gate);
        builder.Services.AddAsyncRuntime().AddJob<GateJob>().UsePostgreSql(ConnectionString(_database), options => (options.Schema, options.NodeLease) = (_schema, TimeSpan.FromSeconds(60)));
        return builder.Build();
    }

    private string ConnectionString(string database) => new NpgsqlConnectionStringBuilder(server.ConnectionString) { Database = database }.ConnectionString;

    private async Task ExecuteAsync(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionString(database) + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql.Replace("{s}", _schema, StringComparison.Ordinal).Replace("{d}", _database, StringComparison.Ordinal), connection);
        await command.ExecuteNonQueryAsync();
    }

    internal sealed class Gate
    {
        private int _runs;

        public int Runs => Volatile.Read(ref _runs);

        public TaskCompletionSource Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Open { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async Task PassAsync()
        {
            if (Interlocked.Increment(ref _runs) == 1)
            {
                Entered.TrySetResult();
                await Open.Task;
            }
        }
    }

    [Job("gate")]
    internal sealed class GateJob(Gate gate) : IJob<NoArguments>
    {
        public async ValueTask<JobOutcome> RunAsync(NoArguments args, JobContext context, CancellationToken cancellationToken)
        {
            await gate.PassAsync();
            return JobOutcome.Done;
        }
    }
}
