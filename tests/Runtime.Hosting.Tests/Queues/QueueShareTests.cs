using System.Collections.Concurrent;
using Runtime.Core;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Queues;

public sealed class QueueShareTests
{
    private readonly ConcurrentQueue<string> _started = [];

    [Fact]
    public async Task EnqueueAsync_OneTenantFloods_AnotherTenantsItemsTakeTheirTurns()
    {
        await using var rig = await QueueRig.StartSerialAsync();
        var gate = await rig.HoldAsync();
        var flood = await EnqueueAsync(rig, "a", 500);
        var others = await EnqueueAsync(rig, "b", 3);
        gate.Open();

        await Task.WhenAll(others.Concat(flood).Select(static handle => handle.Completion)).Guard();

        string.Concat(_started.Take(6)).ShouldBe("ababab");
        rig.Queue.ShareKeys.ShouldBe(0);
    }

    [Fact]
    public async Task EnqueueAsync_WhileAPumpRuns_TheNewTenantIsNextButOne()
    {
        await using var rig = await QueueRig.StartSerialAsync();
        var gate = await rig.HoldAsync();
        await rig.Queue.EnqueueAsync(
            async ct =>
            {
                await EnqueueAsync(rig, "b", 1); // in the middle of the pump's turn, through the intake, which nobody looks at while the lanes are full
            },
            new EnqueueOptions { ShareKey = "a" });
        var flood = await EnqueueAsync(rig, "a", 500);
        gate.Open();

        await flood[^1].Completion.Guard();

        _started.Take(2).ShouldContain("b");
    }

    [Fact]
    public async Task EnqueueAsync_BriskItemsWithoutAKey_AreNotTakenAlongPastTheirTurn()
    {
        await using var rig = await QueueRig.StartSerialAsync();
        var gate = await rig.HoldAsync();
        await rig.Queue.EnqueueAsync(
            async ct => await EnqueueAsync(rig, "b", 1), // level with those without a key, once the first of them has gone: being older, one more goes before it
            new EnqueueOptions { ShareKey = "c" });
        var plain = await EnqueueAsync(rig, null, 500);
        await EnqueueAsync(rig, "c", 1);
        rig.Queue.AssumeBrisk(hold: true);
        gate.Open();

        await plain[^1].Completion.Guard();

        rig.Queue.ReleasePace();
        string.Concat(_started.Take(5)).ShouldBe("--cb-");
    }

    [Fact]
    public async Task EnqueueAsync_PriorityAndDeadline_GoBeforeShares()
    {
        await using var rig = await QueueRig.StartSerialAsync();
        var gate = await rig.HoldAsync();
        var flood = await EnqueueAsync(rig, "a", 3);
        await EnqueueAsync(rig, "b", 1);
        await EnqueueAsync(rig, "d", 1, new EnqueueOptions { Deadline = TimeSpan.FromHours(1) });
        await EnqueueAsync(rig, "h", 1, new EnqueueOptions { Priority = TaskPriority.High });
        gate.Open();

        await flood[^1].Completion.Guard();

        string.Concat(_started).ShouldBe("hdabaa");
    }

    [Fact]
    public async Task Reconfigure_Weights_ApplyFromTheNextTurnOn()
    {
        await using var rig = await QueueRig.StartSerialAsync(static options => options.Queue.ShareWeights = ["a=9"]);
        var gate = await rig.HoldAsync();
        var one = await EnqueueAsync(rig, "a", 100);
        var other = await EnqueueAsync(rig, "b", 100);

        rig.Reconfigure(static options => options.Queue.ShareWeights = ["a=1", "b=3"]);
        gate.Open();
        await Task.WhenAll(one.Concat(other).Select(static handle => handle.Completion)).Guard();

        _started.Take(100).Count(static key => key == "b").ShouldBeInRange(72, 76);
    }

    [Fact]
    public async Task EnqueueAsync_ItemsWaitForTheirConcurrencyKey_CostTheirShareNoTurn()
    {
        await using var rig = await QueueRig.StartAsync(static options => options.Queue.MaxConcurrency = 2);
        var keyed = new EnqueueOptions { ConcurrencyKey = "k" };
        var holder = await rig.HoldAsync(keyed with { Priority = TaskPriority.Critical });
        var gate = await rig.HoldAsync();
        var blocked = await EnqueueAsync(rig, "a", 10, keyed);
        var free = await EnqueueAsync(rig, "a", 3);
        var others = await EnqueueAsync(rig, "b", 3);
        gate.Open();
        await Task.WhenAll(free.Concat(others).Select(static handle => handle.Completion)).Guard();
        string.Concat(_started).ShouldBe("ababab");
        holder.Open();

        await Task.WhenAll(blocked.Select(static handle => handle.Completion)).Guard();

        rig.Queue.ShareKeys.ShouldBe(0);
    }

    [Fact]
    public async Task Cancel_ASharedItem_LeavesTheOthersTurnsAlone()
    {
        await using var rig = await QueueRig.StartSerialAsync();
        var gate = await rig.HoldAsync();
        var mine = await EnqueueAsync(rig, "a", 4);
        var others = await EnqueueAsync(rig, "b", 2);
        mine[0].Cancel().ShouldBeTrue();
        others[0].Cancel().ShouldBeTrue();
        gate.Open();
        await Task.WhenAll(mine[3].Completion, others[1].Completion).Guard();

        string.Concat(_started).ShouldBe("abaa");
    }

    private async Task<List<WorkHandle>> EnqueueAsync(QueueRig rig, string? key, int count, EnqueueOptions? options = null)
    {
        List<WorkHandle> handles = [];
        for (var i = 0; i < count; i++)
        {
            handles.Add(await rig.Queue.EnqueueAsync(
                ct =>
                {
                    _started.Enqueue(key ?? "-");
                    return default;
                },
                (options ?? EnqueueOptions.Default) with { ShareKey = key }));
        }

        return handles;
    }
}
