using System.Collections.Concurrent;
using Runtime.Core;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Queues;

/// <summary>One item at a time, held at a gate while others are queued, shows the order in which they are taken.</summary>
public sealed class QueueOrderTests
{
    [Fact]
    public async Task EnqueueAsync_MixedPrioritiesAndDeadlines_RunInTheOrderOfTheDesign()
    {
        await using var rig = await QueueRig.StartSerialAsync();

        var order = await RunAsync(rig,
            ("background", new EnqueueOptions { Priority = TaskPriority.Background }),
            ("normal 1", new EnqueueOptions()),
            ("low", new EnqueueOptions { Priority = TaskPriority.Low }),
            ("normal late", new EnqueueOptions { Deadline = TimeSpan.FromMinutes(9) }),
            ("high 1", new EnqueueOptions { Priority = TaskPriority.High }),
            ("normal 2", new EnqueueOptions()),
            ("normal early", new EnqueueOptions { Deadline = TimeSpan.FromMinutes(3) }),
            ("critical", new EnqueueOptions { Priority = TaskPriority.Critical }),
            ("high 2", new EnqueueOptions { Priority = TaskPriority.High }));

        order.ShouldBe(["critical", "high 1", "high 2", "normal early", "normal late", "normal 1", "normal 2", "low", "background"]);
    }

    [Fact]
    public async Task EnqueueAsync_PrioritiesOff_RunFirstInFirstOut()
    {
        await using var rig = await QueueRig.StartSerialAsync(options => options.EnablePriorityScheduling = false);

        var order = await RunAsync(rig,
            ("low", new EnqueueOptions { Priority = TaskPriority.Low }),
            ("late", new EnqueueOptions { Deadline = TimeSpan.FromMinutes(9) }),
            ("critical", new EnqueueOptions { Priority = TaskPriority.Critical }),
            ("early", new EnqueueOptions { Deadline = TimeSpan.FromMinutes(1) }));

        order.ShouldBe(["low", "late", "critical", "early"]);
    }

    [Fact]
    public async Task EnqueueAsync_UrgentItemAfterALongBacklog_OvertakesAllThatHasNotStarted()
    {
        await using var rig = await QueueRig.StartSerialAsync();
        var items = Enumerable.Range(0, 1000).Select(i => ($"normal {i}", new EnqueueOptions())).ToList();
        items.Add(("urgent", new EnqueueOptions { Priority = TaskPriority.High }));

        (await RunAsync(rig, [.. items]))[0].ShouldBe("urgent");
    }

    [Fact]
    public async Task EnqueueAsync_LowWaitsLongerThanTheThreshold_IsBoostedAboveNormal()
    {
        var clock = new ManualClock();
        await using var rig = await QueueRig.StartSerialAsync(options => options.StarvationThreshold = TimeSpan.FromSeconds(5), clock: clock);
        var order = new ConcurrentQueue<string>();
        var gate = await rig.HoldAsync();
        var low = await AddAsync(rig, order, "low", new EnqueueOptions { Priority = TaskPriority.Low });
        clock.Advance(TimeSpan.FromSeconds(11)); // two thresholds: Low counts as High
        var normal = await AddAsync(rig, order, "normal", new EnqueueOptions());

        gate.Open();
        await low.Completion.Guard();
        await normal.Completion.Guard();

        order.ShouldBe(["low", "normal"]);
        rig.Snapshot.StarvationBoosts.ShouldBe(1);
    }

    [Fact]
    public async Task EnqueueAsync_LowHasNotWaitedForTheThreshold_IsNotBoosted()
    {
        var clock = new ManualClock();
        await using var rig = await QueueRig.StartSerialAsync(options => options.StarvationThreshold = TimeSpan.FromSeconds(5), clock: clock);
        var order = new ConcurrentQueue<string>();
        var gate = await rig.HoldAsync();
        var low = await AddAsync(rig, order, "low", new EnqueueOptions { Priority = TaskPriority.Low });
        clock.Advance(TimeSpan.FromSeconds(4));
        await AddAsync(rig, order, "normal", new EnqueueOptions());

        gate.Open();
        await low.Completion.Guard();

        order.ShouldBe(["normal", "low"]);
    }

    [Fact]
    public async Task EnqueueAsync_LowBehindAnEndlessStreamOfHigh_RunsOnceItHasWaitedLongEnough()
    {
        await using var rig = await QueueRig.StartSerialAsync(options => options.StarvationThreshold = TimeSpan.FromMilliseconds(20));
        var lowRan = Signals.New();
        var high = new EnqueueOptions { Priority = TaskPriority.High };

        // Each item enqueues the next before it ends: without the boost Low never runs.
        async ValueTask Stream(CancellationToken ct)
        {
            if (!lowRan.Task.IsCompleted)
            {
                await rig.Queue.EnqueueAsync(Stream, high, ct);
            }
        }

        await rig.Queue.EnqueueAsync(Stream, high);
        await rig.Queue.EnqueueAsync(Stream, high);
        await rig.Queue.EnqueueAsync(
            ct =>
            {
                lowRan.SetResult();
                return ValueTask.CompletedTask;
            },
            new EnqueueOptions { Priority = TaskPriority.Low });

        await lowRan.Task.Guard();
    }

    [Fact]
    public async Task Snapshot_ItemsWait_ShowsDepthByPriorityAndTheOldestWait()
    {
        var clock = new ManualClock();
        await using var rig = await QueueRig.StartSerialAsync(clock: clock);
        var order = new ConcurrentQueue<string>();
        var gate = await rig.HoldAsync();
        await AddAsync(rig, order, "a", new EnqueueOptions { Priority = TaskPriority.High });
        clock.Advance(TimeSpan.FromSeconds(3));
        await AddAsync(rig, order, "b", new EnqueueOptions { Priority = TaskPriority.Low });
        await AddAsync(rig, order, "c", new EnqueueOptions { Priority = TaskPriority.Low });
        clock.Advance(TimeSpan.FromSeconds(1));

        var snapshot = rig.Snapshot;

        snapshot.QueuedByPriority.ShouldBe([0, 1, 0, 2, 0]);
        snapshot.OldestWait.ShouldBe(TimeSpan.FromSeconds(4));
        snapshot.Running.ShouldBe(1);
        rig.Queue.Count.ShouldBe(3);
        gate.Open();
    }

    private static async Task<string[]> RunAsync(QueueRig rig, params (string Name, EnqueueOptions Options)[] items)
    {
        var order = new ConcurrentQueue<string>();
        var gate = await rig.HoldAsync();
        var handles = new List<WorkHandle>();
        foreach (var (name, options) in items)
        {
            handles.Add(await AddAsync(rig, order, name, options));
        }

        gate.Open();
        await Task.WhenAll(handles.Select(static handle => handle.Completion)).Guard();
        return [.. order];
    }

    private static async Task<WorkHandle> AddAsync(QueueRig rig, ConcurrentQueue<string> order, string name, EnqueueOptions options) =>
        await rig.Queue.EnqueueAsync(
            ct =>
            {
                order.Enqueue(name);
                return ValueTask.CompletedTask;
            },
            options);
}
