using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Quartz;

namespace Runtime.Benchmarks.Queue;

/// <summary>Quartz in memory: a stored durable job triggered again and again, or a new job with a start-now trigger each time.</summary>
internal sealed class QuartzContender(string name, bool schedule, Resolve resolve) : QueueContender(name, resolve)
{
    private const int Concurrency = 10;
    private static readonly JobKey StoredJob = new("stored");

    // Set by OnStartedAsync.
    private IScheduler _scheduler = null!;

    public override string Settings => $"RAM store, maxConcurrency {Concurrency}, {(schedule ? "ScheduleJob" : "TriggerJob")}, job from a DI scope";

    public override int RepeatsOf(int repeats) => 1;

    public override async ValueTask SubmitAsync(int items)
    {
        for (var i = 0; i < items; i++)
        {
            if (schedule)
            {
                await _scheduler.ScheduleJob(NewJob(), TriggerBuilder.Create().StartNow().Build());
            }
            else
            {
                await _scheduler.TriggerJob(StoredJob);
            }
        }
    }

    protected override void Configure(HostApplicationBuilder builder)
    {
        builder.Services.AddQuartz(quartz =>
        {
            quartz.UseInMemoryStore();
            quartz.UseDefaultThreadPool(Concurrency);
            if (Resolve == Resolve.Service)
            {
                quartz.AddJob<ServiceJob>(job => job.WithIdentity(StoredJob).StoreDurably());
            }
            else
            {
                quartz.AddJob<CountingJob>(job => job.WithIdentity(StoredJob).StoreDurably());
            }
        });
        builder.Services.AddQuartzHostedService(options => options.WaitForJobsToComplete = true);
    }

    protected override async ValueTask OnStartedAsync() => _scheduler = await Services.GetRequiredService<ISchedulerFactory>().GetScheduler();

    protected override async ValueTask<bool> SettleAsync()
    {
        while ((await _scheduler.GetMetadata()).LocalExecutingJobs > 0)
        {
            await Task.Yield();
        }

        return true;
    }

    private IJobDetail NewJob() =>
        Resolve == Resolve.Service ? JobBuilder.Create<ServiceJob>().Build() : JobBuilder.Create<CountingJob>().Build();
}

/// <summary>Quartz makes the job itself from the item's scope, so even this one resolves something.</summary>
internal sealed class CountingJob(RoundCounter counter) : IJob
{
    public ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        counter.Hit();
        return default;
    }
}

internal sealed class ServiceJob(ScopedService service) : IJob
{
    public ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        service.Work();
        return default;
    }
}
