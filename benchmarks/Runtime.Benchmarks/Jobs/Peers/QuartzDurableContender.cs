using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Quartz;
using Runtime.Benchmarks.Harness;

namespace Runtime.Benchmarks.Jobs.Peers;

/// <summary>How a Quartz contender is set up.</summary>
/// <param name="Schedule">A new job with a new trigger each time; otherwise a new trigger of one stored job, which is Quartz's cheapest way.</param>
/// <param name="Concurrency">How many jobs run at once, and how many triggers are taken in one round.</param>
/// <param name="LockOnInsert">Whether callers wait for each other; off is for databases that have locks of rows.</param>
internal sealed record QuartzSetup(bool Schedule, int Concurrency, bool LockOnInsert)
{
    public string Name => string.Create(CultureInfo.InvariantCulture, $"quartz-{(Schedule ? "schedule" : "trigger")}-{Concurrency}{(LockOnInsert ? "" : "-unlocked")}");
}

/// <summary>One-off jobs of Quartz in a database.</summary>
internal sealed class QuartzDurableContender(QuartzSetup setup, QuartzPlace place, EnqueueShape shape) : Contender(setup.Name)
{
    private static readonly TimeSpan Misfire = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(30);
    private static readonly JobKey Stored = new("stored");

    // Set by StartAsync.
    private IHost _host = null!;
    private IScheduler _scheduler = null!;
    private JobCounter _counter = null!;

    public override string Settings => string.Create(
        CultureInfo.InvariantCulture,
        $"{(setup.Schedule ? "ScheduleJob of a new job with a new trigger" : "TriggerJob of one stored job")}, maxConcurrency {setup.Concurrency}, maxBatchSize {setup.Concurrency}, idleWaitTime {Idle.TotalSeconds} s, misfireThreshold {Misfire.TotalMinutes} min, lockOnInsert {(setup.LockOnInsert ? "on" : "off")}, not clustered, job data as strings; {place.Settings}");

    public override int RepeatsOf(int repeats) => 1;

    public override async Task StartAsync()
    {
        await place.PrepareAsync();
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<JobCounter>();
        builder.Services.AddQuartz(quartz =>
        {
            quartz.ConfigureScheduler(options => (options.MaxBatchSize, options.IdleWaitTime) = (setup.Concurrency, Idle));
            quartz.UseDefaultThreadPool(setup.Concurrency);
            quartz.AddJob<QuartzCountingJob>(job => job.WithIdentity(Stored).StoreDurably());
            quartz.UsePersistentStore(store =>
            {
                place.Use(store);
                store.ProvisionSchema();
                store.ConfigureStore(options => (options.StoreJobDataAsStrings, options.MisfireThreshold, options.LockOnInsert) = (true, Misfire, setup.LockOnInsert));
            });
        });
        builder.Services.AddQuartzHostedService(options => options.WaitForJobsToComplete = true);
        _host = builder.Build();
        await _host.StartAsync();
        _scheduler = await _host.Services.GetRequiredService<ISchedulerFactory>().GetScheduler();
        _counter = _host.Services.GetRequiredService<JobCounter>();
    }

    public override async Task<Lap> RunAsync(int operations)
    {
        _counter.Reset(operations);
        var began = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, shape.Enqueuers).Select(caller => Task.Run(async () =>
        {
            for (var i = caller; i < operations; i += shape.Enqueuers)
            {
                await EnqueueAsync();
            }
        })));
        var submitted = Stopwatch.GetTimestamp() - began;
        await _counter.Done.Task;
        while (await place.CountOpenAsync() > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        }

        return new(submitted, Stopwatch.GetTimestamp() - began, 0);
    }

    public override async ValueTask DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.StopAsync();
            _host.Dispose();
        }

        await place.DisposeAsync();
    }

    private async ValueTask EnqueueAsync()
    {
        if (setup.Schedule)
        {
            await _scheduler.ScheduleJob(JobBuilder.Create<QuartzCountingJob>().Build(), TriggerBuilder.Create().StartNow().Build());
        }
        else
        {
            await _scheduler.TriggerJob(Stored);
        }
    }
}

/// <summary>Does nothing but count.</summary>
internal sealed class QuartzCountingJob(JobCounter counter) : IJob
{
    public ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        counter.Hit();
        return default;
    }
}
