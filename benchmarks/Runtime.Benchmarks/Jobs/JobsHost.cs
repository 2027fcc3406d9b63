using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
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

/// <summary>A host with a store of its own.</summary>
internal sealed class JobsHost : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly JobStorePlace _place;

    private JobsHost(IHost host, JobStorePlace place)
    {
        (_host, _place) = (host, place);
        Jobs = host.Services.GetRequiredService<IJobClient>();
        Counter = host.Services.GetRequiredService<JobCounter>();
    }

    public IJobClient Jobs { get; }

    public JobCounter Counter { get; }

    public static async Task<JobsHost> StartAsync(JobStorePlace place)
    {
        if (place.Finished > 0)
        {
            // Opened once before: that makes the tables.
            using (var first = await StartHostAsync(place.Use))
            {
                await first.StopAsync();
            }

            await place.FillAsync();
        }

        return new(await StartHostAsync(place.Use), place);
    }

    private static async Task<IHost> StartHostAsync(Action<IAsyncRuntimeBuilder> use)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<JobCounter>();
        use(builder.Services.AddAsyncRuntime().AddJob<CountingJob>());
        var host = builder.Build();
        await host.StartAsync();
        return host;
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
        await _place.WaitUntilOverAsync(Jobs);
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
        await _place.DisposeAsync();
    }
}
