using Runtime.Core;
using Runtime.Core.Concurrency;
using Runtime.Core.Execution;
using Runtime.Core.Scheduling;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Queues;

/// <summary>Queues whose workers are in a debt of hours: whatever runs all the same was free.</summary>
public sealed class QueueCpuShareTests
{
    private static readonly EnqueueOptions Critical = new() { Priority = TaskPriority.Critical };

    [Theory]
    [InlineData(TaskPriority.Normal, 0)]
    [InlineData(TaskPriority.Normal, 1)]
    [InlineData(TaskPriority.Normal, 10)]
    [InlineData(TaskPriority.High, 10)]
    [InlineData(TaskPriority.Background, 10)]
    public async Task EnqueueAsync_InDebt_OnlyWhatIsCriticalByItsCallersWordRuns(TaskPriority priority, int thresholdsWaited)
    {
        var clock = new ManualClock();
        await using var rig = await QueueRig.StartSerialAsync(static options => options.StarvationThreshold = TimeSpan.FromMinutes(1), clock: clock);
        var gate = await rig.HoldAsync();
        var waiting = await rig.Queue.EnqueueAsync(static ct => ValueTask.CompletedTask, new EnqueueOptions { Priority = priority });
        clock.Advance(TimeSpan.FromMinutes(thresholdsWaited));
        var scheduler = await InDebt(rig);

        gate.Open();
        await gate.Handle.Completion.Guard();
        for (var i = 0; i < 20; i++)
        {
            var batch = new List<WorkHandle>();
            for (var n = 0; n < 3; n++)
            {
                batch.Add(await rig.Queue.EnqueueAsync(static ct => ValueTask.CompletedTask, Critical));
            }

            await Task.WhenAll(batch.Select(static handle => handle.Completion)).Guard();
        }

        waiting.Status.ShouldBe(WorkStatus.Queued);
        scheduler.UseCpuShare(null);
        await waiting.Completion.Guard();
    }

    [Fact]
    public async Task EnqueueAsync_WithAShare_EverythingRuns()
    {
        var clock = new ManualClock();
        await using var rig = await QueueRig.StartAsync(
            static options =>
            {
                options.MaxCpuShare = 0.9;
                options.StarvationThreshold = TimeSpan.FromMinutes(1);
                options.Queue.MaxConcurrency = 3;
            },
            clock: clock);
        var random = new Random(7);
        var handles = new List<WorkHandle>();
        for (var i = 0; i < 2_000; i++)
        {
            var awaits = random.Next(4) == 0;
            handles.Add(await rig.Queue.EnqueueAsync(
                async ct =>
                {
                    if (awaits)
                    {
                        await Task.Yield();
                    }
                },
                new EnqueueOptions { Priority = (TaskPriority)random.Next(5), Deadline = random.Next(4) == 0 ? TimeSpan.FromHours(1) : null }));
            if (i % 100 == 0)
            {
                clock.Advance(TimeSpan.FromMinutes(1));
            }
        }

        await Task.WhenAll(handles.Select(static handle => handle.Completion)).Guard();
    }

    // By work that does not pay, so that both workers find the debt at their next look.
    private static Task<Scheduler> InDebt(QueueRig rig) => rig.Runtime.Spawn(
        static _ =>
        {
            var scheduler = WorkDispatcher.Current!.Scheduler;
            var share = new CpuShare(0.5, TimeSpan.FromDays(1));
            share.Charge(MonotonicClock.ToTicks(TimeSpan.FromHours(12)), MonotonicClock.Timestamp);
            scheduler.UseCpuShare(share);
            return ValueTask.FromResult(scheduler);
        },
        new SpawnOptions { Priority = TaskPriority.Critical }).Guard();
}
