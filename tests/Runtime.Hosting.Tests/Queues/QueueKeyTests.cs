using System.Collections.Concurrent;
using Runtime.Core;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Queues;

public sealed class QueueKeyTests
{
    private static ValueTask Nothing(CancellationToken ct) => ValueTask.CompletedTask;

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task ConcurrencyKey_ManyItems_RunsAtMostTheLimitAtOnce(int limit)
    {
        await using var rig = await QueueRig.StartAsync();
        var options = new EnqueueOptions { ConcurrencyKey = "customer 7", ConcurrencyLimit = limit };
        var running = 0;
        var most = 0;
        var gate = Signals.New();
        var handles = new List<WorkHandle>();
        for (var i = 0; i < 200; i++)
        {
            handles.Add(await rig.Queue.EnqueueAsync(
                async ct =>
                {
                    InterlockedMax(ref most, Interlocked.Increment(ref running));
                    await gate.Task;
                    Interlocked.Decrement(ref running);
                },
                options));
        }

        // It goes behind them all: when it has run, every one of them has been considered.
        await (await rig.Queue.EnqueueAsync(Nothing, new EnqueueOptions { Priority = TaskPriority.Background })).Completion.Guard();
        most.ShouldBe(limit);
        rig.Snapshot.Running.ShouldBe(limit);
        rig.Snapshot.Blocked.ShouldBe(200 - limit);

        gate.SetResult();
        await Task.WhenAll(handles.Select(static handle => handle.Completion)).Guard();

        most.ShouldBe(limit);
        rig.Queue.LiveKeys.ShouldBe(0, "no state stays behind of a key without items");
    }

    [Fact]
    public async Task ConcurrencyKey_AtItsLimit_HoldsUpNoOtherKey()
    {
        await using var rig = await QueueRig.StartAsync();
        var busy = new EnqueueOptions { ConcurrencyKey = "busy", Priority = TaskPriority.Critical };
        var gate = await rig.HoldAsync(busy);
        var blocked = new List<WorkHandle>();
        for (var i = 0; i < 500; i++)
        {
            blocked.Add(await rig.Queue.EnqueueAsync(Nothing, busy));
        }

        var other = await rig.Queue.EnqueueAsync(Nothing, new EnqueueOptions { ConcurrencyKey = "other", Priority = TaskPriority.Background });
        var free = await rig.Queue.EnqueueAsync(Nothing, new EnqueueOptions { Priority = TaskPriority.Background });

        await other.Completion.Guard();
        await free.Completion.Guard();
        rig.Snapshot.Blocked.ShouldBe(500);
        blocked.ShouldAllBe(handle => handle.Status == WorkStatus.Queued);
        gate.Open();
        await Task.WhenAll(blocked.Select(static handle => handle.Completion)).Guard();
        rig.Snapshot.Blocked.ShouldBe(0);
    }

    [Fact]
    public async Task ConcurrencyKey_BlockedItems_RunInTheOrderOfTheQueue()
    {
        await using var rig = await QueueRig.StartAsync();
        var order = new ConcurrentQueue<string>();
        var gate = await rig.HoldAsync(new EnqueueOptions { ConcurrencyKey = "k" });
        var handles = new List<WorkHandle>();
        async Task AddAsync(string name, EnqueueOptions options) => handles.Add(await rig.Queue.EnqueueAsync(
            ct =>
            {
                order.Enqueue(name);
                return ValueTask.CompletedTask;
            },
            options with { ConcurrencyKey = "k" }));

        await AddAsync("normal 1", new EnqueueOptions());
        await AddAsync("low", new EnqueueOptions { Priority = TaskPriority.Low });
        await AddAsync("normal 2", new EnqueueOptions());
        await AddAsync("high", new EnqueueOptions { Priority = TaskPriority.High });
        await AddAsync("normal early", new EnqueueOptions { Deadline = TimeSpan.FromMinutes(1) });

        gate.Open();
        await Task.WhenAll(handles.Select(static handle => handle.Completion)).Guard();

        order.ShouldBe(["high", "normal early", "normal 1", "normal 2", "low"]);
    }

    [Fact]
    public async Task ConcurrencyKey_DifferentLimitsAreLive_TheSmallestCounts()
    {
        await using var rig = await QueueRig.StartAsync();
        var wide = new EnqueueOptions { ConcurrencyKey = "k", ConcurrencyLimit = 10 };
        var first = await rig.HoldAsync(wide);
        var strict = await rig.Queue.EnqueueAsync(Nothing, wide with { ConcurrencyLimit = 1 });
        var other = await rig.Queue.EnqueueAsync(Nothing, wide);
        var marker = await rig.Queue.EnqueueAsync(Nothing, new EnqueueOptions { Priority = TaskPriority.Background });
        await marker.Completion.Guard();
        strict.Status.ShouldBe(WorkStatus.Queued);
        other.Status.ShouldBe(WorkStatus.Queued);

        strict.Cancel("the strict one goes").ShouldBeTrue();

        await other.Completion.Guard();
        first.Handle.Status.ShouldBe(WorkStatus.Running);
        first.Open();
    }

    [Fact]
    public async Task ConcurrencyKey_BlockedItemIsCancelled_TheNextOneTakesItsTurn()
    {
        await using var rig = await QueueRig.StartAsync();
        var keyed = new EnqueueOptions { ConcurrencyKey = "k" };
        var gate = await rig.HoldAsync(keyed);
        var first = await rig.Queue.EnqueueAsync(Nothing, keyed);
        var second = await rig.Queue.EnqueueAsync(Nothing, keyed);
        await (await rig.Queue.EnqueueAsync(Nothing, new EnqueueOptions { Priority = TaskPriority.Background })).Completion.Guard();
        rig.Snapshot.Blocked.ShouldBe(2);

        first.Cancel().ShouldBeTrue();
        rig.Snapshot.Blocked.ShouldBe(1);
        gate.Open();

        await second.Completion.Guard();
        rig.Queue.LiveKeys.ShouldBe(0);
    }

    [Fact]
    public async Task ConcurrencyKey_AnItemFails_FreesItsPlace()
    {
        await using var rig = await QueueRig.StartAsync();
        var keyed = new EnqueueOptions { ConcurrencyKey = "k" };
        var bad = await rig.Queue.EnqueueAsync(static ct => throw new InvalidOperationException(), keyed);
        var good = await rig.Queue.EnqueueAsync(Nothing, keyed);

        await good.Completion.Guard();
        await Should.ThrowAsync<InvalidOperationException>(() => bad.Completion.Guard());
    }

    [Fact]
    public async Task UniqueKey_AnItemWithItIsLive_ReturnsItsHandle()
    {
        await using var rig = await QueueRig.StartSerialAsync();
        var unique = new EnqueueOptions { UniqueKey = "report 2026-11" };
        var gate = await rig.HoldAsync(unique);
        var whileRunning = await rig.Queue.EnqueueAsync(Nothing, unique);
        var other = new EnqueueOptions { UniqueKey = "other" };
        var queued = await rig.Queue.EnqueueAsync(Nothing, other);
        rig.Queue.TryEnqueue(Nothing, other, out var whileQueued).ShouldBeTrue();

        whileRunning.ShouldBeSameAs(gate.Handle);
        whileQueued.ShouldBeSameAs(queued);
        rig.Snapshot.Accepted.ShouldBe(2);
        gate.Open();
        await gate.Handle.Completion.Guard();
        var fresh = await rig.Queue.EnqueueAsync(Nothing, unique);
        fresh.ShouldNotBeSameAs(gate.Handle);
        await fresh.Completion.Guard();
    }

    [Fact]
    public async Task UniqueKey_OfACancelledItem_IsFreeAgain()
    {
        await using var rig = await QueueRig.StartSerialAsync();
        var gate = await rig.HoldAsync();
        var unique = new EnqueueOptions { UniqueKey = "k" };
        var first = await rig.Queue.EnqueueAsync(Nothing, unique);

        first.Cancel();
        var second = await rig.Queue.EnqueueAsync(Nothing, unique);

        second.ShouldNotBeSameAs(first);
        gate.Open();
    }

    [Fact]
    public async Task UniqueKey_AnotherTypeOfResult_ThrowsAndNamesBoth()
    {
        await using var rig = await QueueRig.StartSerialAsync();
        var gate = await rig.HoldAsync(new EnqueueOptions { UniqueKey = "k" });

        var exception = await Should.ThrowAsync<InvalidOperationException>(async () =>
            await rig.Queue.EnqueueAsync<int>(static ct => ValueTask.FromResult(1), new EnqueueOptions { UniqueKey = "k" }));

        exception.Message.ShouldBe(
            "The live item with the UniqueKey 'k' in the queue 'default' has no result, and this enqueue asks for a result of type System.Int32. "
            + "Use one type of result for one key, or another key.");
        Should.Throw<InvalidOperationException>(() =>
            rig.Queue.TryEnqueue<int>(static ct => ValueTask.FromResult(1), new EnqueueOptions { UniqueKey = "k" }, out _));
        gate.Open();
    }

    [Fact]
    public async Task UniqueKey_ManyEnqueueAtOnce_ExactlyOneRuns()
    {
        await using var rig = await QueueRig.StartAsync();
        for (var round = 0; round < 50; round++)
        {
            var runs = 0;
            var release = Signals.New();
            using var barrier = new Barrier(4);
            var options = new EnqueueOptions { UniqueKey = $"round {round}" };
            var handles = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
            {
                barrier.SignalAndWait(Guards.Patience);
                return await rig.Queue.EnqueueAsync(
                    async ct =>
                    {
                        Interlocked.Increment(ref runs);
                        await release.Task;
                    },
                    options);
            }))).Guard();

            handles.Distinct().Count().ShouldBe(1);
            release.SetResult();
            await handles[0].Completion.Guard();
            runs.ShouldBe(1);
        }
    }

    [Fact]
    public async Task UniqueKey_EnqueuesThatWaitForRoom_ShareOneItemToo()
    {
        await using var rig = await QueueRig.StartSerialAsync(static options => options.Queue.Capacity = 1);
        var gate = await rig.HoldAsync();
        await rig.Queue.EnqueueAsync(Nothing);
        var unique = new EnqueueOptions { UniqueKey = "k" };
        var first = rig.Queue.EnqueueAsync(Nothing, unique).AsTask();
        var second = rig.Queue.EnqueueAsync(Nothing, unique).AsTask();

        // Both get room at once, so that the first is still queued when the second is admitted.
        rig.Reconfigure(static options => options.Queue.Capacity = 10);

        (await first.Guard()).ShouldBeSameAs(await second.Guard());
        gate.Open();
    }

    private static void InterlockedMax(ref int target, int value)
    {
        var seen = Volatile.Read(ref target);
        while (value > seen && Interlocked.CompareExchange(ref target, value, seen) is var before && before != seen)
        {
            seen = before;
        }
    }
}
