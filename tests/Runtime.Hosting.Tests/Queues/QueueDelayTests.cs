using Runtime.Core;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Queues;

public sealed class QueueDelayTests
{
    private static ValueTask Nothing(CancellationToken ct) => ValueTask.CompletedTask;

    [Fact]
    public async Task Delay_BeforeItIsOver_TheItemIsQueuedAndDoesNotRun()
    {
        var clock = new ManualClock();
        await using var rig = await QueueRig.StartAsync(clock: clock);
        var handle = await rig.Queue.EnqueueAsync(Nothing, new EnqueueOptions { Delay = TimeSpan.FromSeconds(10) });

        clock.Advance(TimeSpan.FromSeconds(9.999));
        handle.Status.ShouldBe(WorkStatus.Queued);
        rig.Snapshot.Delayed.ShouldBe(1);
        rig.Queue.Count.ShouldBe(1);
        rig.Snapshot.OldestWait.ShouldBe(TimeSpan.Zero, "an item that is not due does not wait");

        clock.Advance(TimeSpan.FromSeconds(0.001));
        await handle.Completion.Guard();
        rig.Snapshot.Delayed.ShouldBe(0);
        clock.ActiveTimers.ShouldBe(0);
    }

    [Fact]
    public async Task Delay_OnTheRuntimesOwnTimers_RunsTheItemWhenItIsOver()
    {
        await using var rig = await QueueRig.StartAsync();
        var handle = await rig.Queue.EnqueueAsync(Nothing, new EnqueueOptions { Delay = TimeSpan.FromMilliseconds(30) });

        await handle.Completion.Guard();

        (handle.StartedAt - handle.EnqueuedAt).ShouldNotBeNull().ShouldBeGreaterThanOrEqualTo(TimeSpan.FromMilliseconds(30));
    }

    [Fact]
    public async Task Delay_LongerThanATimerCanWait_IsWaitedForInSteps()
    {
        var clock = new ManualClock();
        await using var rig = await QueueRig.StartAsync(clock: clock);
        var handle = await rig.Queue.EnqueueAsync(Nothing, new EnqueueOptions { Delay = TimeSpan.FromDays(365) });

        clock.Advance(TimeSpan.FromDays(364));
        handle.Status.ShouldBe(WorkStatus.Queued);

        clock.Advance(TimeSpan.FromDays(1));
        await handle.Completion.Guard();
    }

    [Fact]
    public async Task Delay_EndlessOne_IsAcceptedAndCanBeCancelled()
    {
        var clock = new ManualClock();
        await using var rig = await QueueRig.StartAsync(clock: clock);
        var handle = await rig.Queue.EnqueueAsync(Nothing, new EnqueueOptions { Delay = TimeSpan.MaxValue });

        handle.Cancel("no").ShouldBeTrue();

        handle.Status.ShouldBe(WorkStatus.Cancelled);
        clock.ActiveTimers.ShouldBe(0);
        rig.Queue.Count.ShouldBe(0);
    }

    [Fact]
    public async Task Delay_CountsTowardsTheCapacity()
    {
        await using var rig = await QueueRig.StartAsync(static options => options.Queue.Capacity = 1);
        var delayed = await rig.Queue.EnqueueAsync(Nothing, new EnqueueOptions { Delay = TimeSpan.FromHours(1) });

        rig.Queue.TryEnqueue(Nothing, out _).ShouldBeFalse();
        var waiting = rig.Queue.EnqueueAsync(Nothing).AsTask();
        delayed.Cancel();

        await (await waiting.Guard()).Completion.Guard();
    }

    [Fact]
    public async Task Delay_OfAnItemThatHadToWaitForRoom_BeginsWhenItIsAccepted()
    {
        var clock = new ManualClock();
        await using var rig = await QueueRig.StartSerialAsync(static options => options.Queue.Capacity = 1, clock: clock);
        var gate = await rig.HoldAsync();
        var first = await rig.Queue.EnqueueAsync(Nothing);
        var waiting = rig.Queue.EnqueueAsync(Nothing, new EnqueueOptions { Delay = TimeSpan.FromSeconds(10) }).AsTask();
        clock.Advance(TimeSpan.FromSeconds(60));
        gate.Open();
        await first.Completion.Guard();
        var handle = await waiting.Guard();

        handle.Status.ShouldBe(WorkStatus.Queued);
        clock.Advance(TimeSpan.FromSeconds(10));
        await handle.Completion.Guard();
    }

    [Fact]
    public async Task Delay_WhenOver_TheItemTakesItsPlaceByPriority()
    {
        var clock = new ManualClock();
        await using var rig = await QueueRig.StartSerialAsync(clock: clock);
        var order = new List<string>();
        ValueTask Note(string name)
        {
            order.Add(name);
            return ValueTask.CompletedTask;
        }

        var gate = await rig.HoldAsync();
        var urgent = await rig.Queue.EnqueueAsync(ct => Note("urgent"), new EnqueueOptions { Delay = TimeSpan.FromSeconds(1), Priority = TaskPriority.High });
        var late = await rig.Queue.EnqueueAsync(ct => Note("late"), new EnqueueOptions { Delay = TimeSpan.FromSeconds(1) });
        var normal = await rig.Queue.EnqueueAsync(ct => Note("normal"));
        clock.Advance(TimeSpan.FromSeconds(1));

        gate.Open();
        await Task.WhenAll(urgent.Completion, late.Completion, normal.Completion).Guard();

        order.ShouldBe(["urgent", "normal", "late"]);
    }

    [Fact]
    public async Task Delay_DoesNotKeepTheEnqueuersExecutionContext()
    {
        await using var rig = await QueueRig.StartAsync();
        var local = new AsyncLocal<string?> { Value = "of the request" };
        string? seen = "not run";

        var handle = await rig.Queue.EnqueueAsync(
            ct =>
            {
                seen = local.Value;
                return ValueTask.CompletedTask;
            },
            new EnqueueOptions { Delay = TimeSpan.FromMilliseconds(1) });
        await handle.Completion.Guard();

        seen.ShouldBeNull();
    }
}
