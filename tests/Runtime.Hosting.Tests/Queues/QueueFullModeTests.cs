using Runtime.Core;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Queues;

public sealed class QueueFullModeTests
{
    private static ValueTask Nothing(CancellationToken ct) => ValueTask.CompletedTask;

    [Fact]
    public async Task EnqueueAsync_WaitAndFull_WaitsForRoomInTurn()
    {
        await using var rig = await StartAsync(QueueFullMode.Wait, capacity: 1);
        var gate = await rig.HoldAsync();
        var queued = await rig.Queue.EnqueueAsync(Nothing);
        var first = rig.Queue.EnqueueAsync(Nothing).AsTask();
        var second = rig.Queue.EnqueueAsync(Nothing).AsTask();

        first.IsCompleted.ShouldBeFalse();
        rig.Snapshot.Waiters.ShouldBe(2);
        rig.Snapshot.Accepted.ShouldBe(2, "an enqueue that waits is not accepted yet");

        gate.Open();
        await queued.Completion.Guard();
        var one = await first.Guard();
        var two = await second.Guard();
        await two.Completion.Guard();
        one.EnqueuedAt.ShouldBeLessThanOrEqualTo(two.EnqueuedAt);
        one.StartedAt!.Value.ShouldBeLessThanOrEqualTo(two.StartedAt!.Value);
        rig.Snapshot.Waiters.ShouldBe(0);
    }

    [Fact]
    public async Task EnqueueAsync_WaitIsCancelled_EndsWithTheTokenAndTakesNoPlace()
    {
        await using var rig = await StartAsync(QueueFullMode.Wait, capacity: 1);
        var gate = await rig.HoldAsync();
        await rig.Queue.EnqueueAsync(Nothing);
        using var cancellation = new CancellationTokenSource();
        var cancelled = rig.Queue.EnqueueAsync(Nothing, options: null, cancellation.Token).AsTask();
        var patient = rig.Queue.EnqueueAsync(Nothing).AsTask();

        await cancellation.CancelAsync();

        var exception = await Should.ThrowAsync<OperationCanceledException>(() => cancelled.Guard());
        exception.CancellationToken.ShouldBe(cancellation.Token);
        gate.Open();
        await (await patient.Guard()).Completion.Guard();
        rig.Snapshot.Accepted.ShouldBe(3);
    }

    [Fact]
    public async Task EnqueueAsync_TokenIsCancelledAlready_AcceptsNothing()
    {
        await using var rig = await StartAsync(QueueFullMode.Wait, capacity: 1);

        await Should.ThrowAsync<OperationCanceledException>(async () => await rig.Queue.EnqueueAsync(Nothing, options: null, new CancellationToken(canceled: true)));

        rig.Snapshot.Accepted.ShouldBe(0);
    }

    [Fact]
    public async Task TryEnqueue_WaitAndFull_ReturnsFalse()
    {
        await using var rig = await StartAsync(QueueFullMode.Wait, capacity: 1);
        var gate = await rig.HoldAsync();
        rig.Queue.TryEnqueue(Nothing, out var queued).ShouldBeTrue();

        rig.Queue.TryEnqueue(Nothing, out var refused).ShouldBeFalse();

        (queued is not null).ShouldBeTrue();
        refused.ShouldBeNull();
        rig.Snapshot.Rejected.ShouldBe(1);
        gate.Open();
    }

    [Fact]
    public async Task EnqueueAsync_RejectAndFull_ThrowsWithTheFiguresAndTheRemedy()
    {
        await using var rig = await StartAsync(QueueFullMode.Reject, capacity: 2);
        var gate = await rig.HoldAsync();
        await rig.Queue.EnqueueAsync(Nothing);
        await rig.Queue.EnqueueAsync(Nothing);

        var exception = await Should.ThrowAsync<QueueFullException>(async () => await rig.Queue.EnqueueAsync(Nothing));

        exception.QueueName.ShouldBe("default");
        exception.Capacity.ShouldBe(2);
        exception.RetryAfter.ShouldBeGreaterThanOrEqualTo(TimeSpan.FromSeconds(1));
        exception.Message.ShouldBe($"The queue 'default' is full: 2 items wait. Try again in about {exception.RetryAfter.TotalSeconds} s, raise its Capacity, or choose another FullMode.");
        rig.Snapshot.Rejected.ShouldBe(1);
        gate.Open();
    }

    [Fact]
    public async Task EnqueueAsync_DropOldestAndFull_DropsTheItemThatHasWaitedLongestWhateverItsPriority()
    {
        await using var rig = await StartAsync(QueueFullMode.DropOldest, capacity: 2);
        var gate = await rig.HoldAsync();
        var oldest = await rig.Queue.EnqueueAsync(Nothing, new EnqueueOptions { Priority = TaskPriority.High });
        var second = await rig.Queue.EnqueueAsync(Nothing, new EnqueueOptions { Priority = TaskPriority.Background });

        var third = await rig.Queue.EnqueueAsync(Nothing);

        oldest.Status.ShouldBe(WorkStatus.Dropped);
        second.Status.ShouldBe(WorkStatus.Queued);
        third.Status.ShouldBe(WorkStatus.Queued);
        var exception = await Should.ThrowAsync<WorkDroppedException>(() => oldest.Completion.Guard());
        exception.Mode.ShouldBe(QueueFullMode.DropOldest);
        oldest.Error.ShouldBeSameAs(exception);
        rig.Snapshot.Dropped.ShouldBe(1);
        gate.Open();
    }

    [Fact]
    public async Task EnqueueAsync_DropOldestAndADelayedOneIsOldest_DropsThat()
    {
        await using var rig = await StartAsync(QueueFullMode.DropOldest, capacity: 2);
        var gate = await rig.HoldAsync();
        var delayed = await rig.Queue.EnqueueAsync(Nothing, new EnqueueOptions { Delay = TimeSpan.FromHours(1) });
        var waiting = await rig.Queue.EnqueueAsync(Nothing);

        await rig.Queue.EnqueueAsync(Nothing);

        delayed.Status.ShouldBe(WorkStatus.Dropped);
        waiting.Status.ShouldBe(WorkStatus.Queued);
        gate.Open();
    }

    [Fact]
    public async Task EnqueueAsync_DropLowestAndFull_DropsTheOneThatWouldRunLast()
    {
        await using var rig = await StartAsync(QueueFullMode.DropLowestPriority, capacity: 3);
        var gate = await rig.HoldAsync();
        var low = await rig.Queue.EnqueueAsync(Nothing, new EnqueueOptions { Priority = TaskPriority.Low, Deadline = TimeSpan.FromMinutes(1) });
        var lowest = await rig.Queue.EnqueueAsync(Nothing, new EnqueueOptions { Priority = TaskPriority.Low });
        var normal = await rig.Queue.EnqueueAsync(Nothing);

        var fresh = await rig.Queue.EnqueueAsync(Nothing);

        lowest.Status.ShouldBe(WorkStatus.Dropped);
        new[] { low, normal, fresh }.ShouldAllBe(handle => handle.Status == WorkStatus.Queued);
        gate.Open();
    }

    [Fact]
    public async Task EnqueueAsync_DropLowestAndTheNewOneWouldRunLast_DropsTheNewOne()
    {
        await using var rig = await StartAsync(QueueFullMode.DropLowestPriority, capacity: 2);
        var gate = await rig.HoldAsync();
        var first = await rig.Queue.EnqueueAsync(Nothing);
        var second = await rig.Queue.EnqueueAsync(Nothing);

        var fresh = await rig.Queue.EnqueueAsync(Nothing);
        rig.Queue.TryEnqueue(Nothing, new EnqueueOptions { Priority = TaskPriority.Low }, out var tried).ShouldBeTrue();

        fresh.Status.ShouldBe(WorkStatus.Dropped);
        tried!.Status.ShouldBe(WorkStatus.Dropped);
        await Should.ThrowAsync<WorkDroppedException>(() => fresh.Completion.Guard());
        first.Status.ShouldBe(WorkStatus.Queued);
        second.Status.ShouldBe(WorkStatus.Queued);
        rig.Snapshot.Dropped.ShouldBe(2);
        rig.Snapshot.Accepted.ShouldBe(5);
        gate.Open();
    }

    [Fact]
    public async Task EnqueueAsync_BlockedItemsInTheQueue_AreDroppedLikeOthers()
    {
        await using var rig = await QueueRig.StartAsync(options =>
        {
            options.Queue.MaxConcurrency = 2;
            options.Queue.Capacity = 2;
            options.Queue.FullMode = QueueFullMode.DropOldest;
        });
        var keyed = new EnqueueOptions { ConcurrencyKey = "k" };
        var gate = await rig.HoldAsync(keyed);
        var blocked = await rig.Queue.EnqueueAsync(Nothing, keyed);
        var other = await rig.HoldAsync(new EnqueueOptions { Priority = TaskPriority.Background }); // it ran: so the blocked one came up before it and was put aside
        rig.Snapshot.Blocked.ShouldBe(1);
        await rig.Queue.EnqueueAsync(Nothing);

        await rig.Queue.EnqueueAsync(Nothing);

        blocked.Status.ShouldBe(WorkStatus.Dropped);
        rig.Snapshot.Blocked.ShouldBe(0);
        gate.Open();
        other.Open();
    }

    [Fact]
    public async Task EnqueueAsync_ABurstIsDropped_IsOneLogLine()
    {
        await using var rig = await StartAsync(QueueFullMode.DropOldest, capacity: 1);
        var gate = await rig.HoldAsync();
        for (var i = 0; i < 100; i++)
        {
            await rig.Queue.EnqueueAsync(Nothing);
        }

        rig.Snapshot.Dropped.ShouldBe(99);
        var line = rig.Logs.Of(702).ShouldHaveSingleItem();
        line.Text.ShouldBe("1 items were dropped from the full queue 'default' by its FullMode DropOldest.");
        gate.Open();
    }

    [Fact]
    public async Task EnqueueAsync_DropsGoOnForLong_AreLoggedWithTheNumberSince()
    {
        var clock = new ManualClock();
        await using var rig = await QueueRig.StartSerialAsync(
            options =>
            {
                options.Queue.Capacity = 1;
                options.Queue.FullMode = QueueFullMode.DropOldest;
            },
            clock: clock);
        var gate = await rig.HoldAsync();
        for (var i = 0; i < 11; i++)
        {
            await rig.Queue.EnqueueAsync(Nothing);
        }

        clock.Advance(TimeSpan.FromSeconds(10));
        await rig.Queue.EnqueueAsync(Nothing);

        rig.Logs.Of(702).Select(static line => line.Text).ShouldBe([
            "1 items were dropped from the full queue 'default' by its FullMode DropOldest.",
            "10 items were dropped from the full queue 'default' by its FullMode DropOldest."]);
        gate.Open();
    }

    private static Task<QueueRig> StartAsync(QueueFullMode mode, int capacity) => QueueRig.StartSerialAsync(options =>
    {
        options.Queue.Capacity = capacity;
        options.Queue.FullMode = mode;
    });
}
