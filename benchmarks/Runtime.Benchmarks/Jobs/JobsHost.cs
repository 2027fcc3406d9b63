using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Runtime.Benchmarks.Jobs.History;
using Runtime.Hosting;

namespace Runtime.Benchmarks.Jobs;

/// <summary>How jobs are enqueued.</summary>
/// <param name="Name">What that is called.</param>
/// <param name="Enqueuers">How many enqueue at the same time.</param>
/// <param name="Batch">How many each enqueues in one call.</param>
internal sealed record EnqueueShape(string Name, int Enqueuers, int Batch)
{
    public static IReadOnlyList<EnqueueShape> All { get; } = [new("one by one", 1, 1), new("by 64 callers", 64, 1), new("by 100 in a call", 1, 100)];
}

/// <summary>Counts runs down.</summary>
internal sealed class JobCounter
{
    private int _left;
    private long _lastHit;

    public TaskCompletionSource Done { get; private set; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public long LastHit => Volatile.Read(ref _lastHit);

    public void Reset(int count)
    {
        Done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _left, count);
    }

    public void Hit()
    {
        if (Interlocked.Decrement(ref _left) == 0)
        {
            Volatile.Write(ref _lastHit, Stopwatch.GetTimestamp());
            Done.TrySetResult();
        }
    }
}

/// <summary>Does nothing but count.</summary>
[Job("counting")]
internal sealed class CountingJob(JobCounter counter) : IJob<NoArguments>
{
    public ValueTask<JobOutcome> RunAsync(NoArguments args, JobContext context, CancellationToken cancellationToken)
    {
        counter.Hit();
        return new(JobOutcome.Done);
    }
}

/// <summary>Where stores may put what they keep.</summary>
/// <param name="Folder">For files; empty: the system's temporary folder.</param>
/// <param name="ConnectionString">Of a PostgreSQL database; empty: none.</param>
/// <param name="Finished">How many jobs that are over each store holds from the beginning.</param>
internal sealed record JobStorePlaces(string Folder, string ConnectionString, int Finished)
{
    /// <summary>Makes a folder for one file.</summary>
    public string NewFolder() =>
        Directory.CreateDirectory(Path.Combine(Folder.Length > 0 ? Folder : Path.GetTempPath(), "runtime-jobs-" + Guid.NewGuid().ToString("N"))).FullName;
}

/// <summary>A host with a store of its own.</summary>
internal sealed class JobsHost : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly Func<ValueTask> _cleanUp;

    private JobsHost(IHost host, Func<ValueTask> cleanUp)
    {
        (_host, _cleanUp) = (host, cleanUp);
        Jobs = host.Services.GetRequiredService<IJobClient>();
        Counter = host.Services.GetRequiredService<JobCounter>();
    }

    public IJobClient Jobs { get; }

    public JobCounter Counter { get; }

    public static async Task<JobsHost> StartAsync(string store, JobStorePlaces places)
    {
        if (store == "sqlite")
        {
            var own = places.NewFolder();
            var file = Path.Combine(own, "jobs.db");
            return await StartAsync(
                builder => builder.UseSqlite($"Data Source={file}"),
                places.Finished == 0 ? null : () => JobHistory.FillSqliteAsync(file, places.Finished),
                () =>
                {
                    Directory.Delete(own, recursive: true);
                    return default;
                });
        }

        if (store == "postgresql")
        {
            var schema = $"b{Guid.NewGuid():N}";
            return await StartAsync(
                builder => builder.UsePostgreSql(places.ConnectionString, options => options.Schema = schema),
                places.Finished == 0 ? null : () => JobHistory.FillPostgreSqlAsync(places.ConnectionString, schema, places.Finished),
                () => SharedSchema.DropAsync(places.ConnectionString, schema));
        }

        return await StartAsync(static _ => { }, null, static () => default);
    }

    /// <summary>Joins the processes that share a schema of PostgreSQL, which stays when this one leaves.</summary>
    public static Task<JobsHost> JoinAsync(string connectionString, string schema) =>
        StartAsync(builder => builder.UsePostgreSql(connectionString, options => options.Schema = schema), null, static () => default);

    // A store that is to be filled is opened once before, which makes its tables.
    private static async Task<JobsHost> StartAsync(Action<IAsyncRuntimeBuilder> use, Func<Task>? fill, Func<ValueTask> cleanUp)
    {
        if (fill is not null)
        {
            await (await StartAsync(use, null, static () => default)).DisposeAsync();
            await fill();
        }

        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<JobCounter>();
        use(builder.Services.AddAsyncRuntime().AddJob<CountingJob>());
        var host = builder.Build();
        await host.StartAsync();
        return new(host, cleanUp);
    }

    /// <summary>Enqueues jobs and waits until all have run and their ends are written.</summary>
    /// <returns>How long the enqueues took.</returns>
    public async Task<TimeSpan> RunAsync(EnqueueShape shape, int count)
    {
        Counter.Reset(count);
        var began = Stopwatch.GetTimestamp();
        await EnqueueAsync(shape, count);
        var enqueued = Stopwatch.GetElapsedTime(began);
        await Counter.Done.Task;
        while ((await Jobs.CountAsync(new JobFilter { States = [JobState.Running] })).Count > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        }

        return enqueued;
    }

    /// <summary>Enqueues jobs and waits until the store has them.</summary>
    public Task EnqueueAsync(EnqueueShape shape, int count) => Task.WhenAll(Enumerable.Range(0, shape.Enqueuers).Select(enqueuer => Task.Run(async () =>
    {
        for (var i = enqueuer * shape.Batch; i < count; i += shape.Enqueuers * shape.Batch)
        {
            if (shape.Batch == 1)
            {
                await Jobs.EnqueueAsync<CountingJob, NoArguments>(NoArguments.Value);
            }
            else
            {
                await Jobs.EnqueueManyAsync<CountingJob, NoArguments>(Enumerable.Repeat(NoArguments.Value, Math.Min(shape.Batch, count - i)));
            }
        }
    })));

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
        await _cleanUp();
    }
}
