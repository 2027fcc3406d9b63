using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Queues;

public sealed class QueueTrackerTests
{
    private static ValueTask Nothing(CancellationToken ct) => ValueTask.CompletedTask;

    [Fact]
    public async Task TryGet_LiveItem_FindsItInAnyState()
    {
        await using var rig = await QueueRig.StartSerialAsync(static options => options.Queue.HistorySize = 0);
        var gate = await rig.HoldAsync();
        var queued = await rig.Queue.EnqueueAsync(Nothing);
        var delayed = await rig.Queue.EnqueueAsync(Nothing, new EnqueueOptions { Delay = TimeSpan.FromHours(1) });

        foreach (var handle in new[] { gate.Handle, queued, delayed })
        {
            rig.Queues.TryGet(handle.Id, out var found).ShouldBeTrue();
            found.ShouldBeSameAs(handle);
        }

        delayed.Cancel();
        gate.Open();
        await queued.Completion.Guard();
        rig.Queues.TryGet(queued.Id, out _).ShouldBeFalse("no finished item is remembered");
        rig.Queues.TryGet(delayed.Id, out _).ShouldBeFalse();
    }

    [Fact]
    public async Task TryGet_FinishedItems_FindsExactlyTheLatest()
    {
        await using var rig = await QueueRig.StartSerialAsync(static options => options.Queue.HistorySize = 10);
        var handles = new List<WorkHandle>();
        for (var i = 0; i < 30; i++)
        {
            handles.Add(await rig.Queue.EnqueueAsync(Nothing));
            if (i % 2 == 0)
            {
                _ = handles[i].Id; // an id that is read late must make no difference
            }

            await handles[i].Completion.Guard();
        }

        for (var i = 0; i < 30; i++)
        {
            rig.Queues.TryGet(handles[i].Id, out var found).ShouldBe(i >= 20, $"item {i}");
            (found is null || ReferenceEquals(found, handles[i])).ShouldBeTrue();
        }

        rig.Queue.RememberedItems.ShouldBe(10);
    }

    [Fact]
    public async Task TryGet_AStragglerFinishesLate_IsAmongTheLatest()
    {
        await using var rig = await QueueRig.StartAsync(static options => options.Queue.HistorySize = 5);
        var gate = await rig.HoldAsync();
        _ = gate.Handle.Id;
        var last = gate.Handle;
        for (var i = 0; i < 1000; i++)
        {
            last = await rig.Queue.EnqueueAsync(Nothing);
            _ = last.Id;
        }

        await last.Completion.Guard();
        rig.Queues.TryGet(gate.Handle.Id, out _).ShouldBeTrue("it is live");
        gate.Open();
        await gate.Handle.Completion.Guard();

        rig.Queues.TryGet(gate.Handle.Id, out var found).ShouldBeTrue("it is the latest to finish");
        found.ShouldBeSameAs(gate.Handle);
    }

    [Fact]
    public async Task Reconfigure_SmallerHistory_ForgetsAtOnce()
    {
        await using var rig = await QueueRig.StartSerialAsync(static options => options.Queue.HistorySize = 100);
        var handles = new List<WorkHandle>();
        for (var i = 0; i < 50; i++)
        {
            handles.Add(await rig.Queue.EnqueueAsync(Nothing));
            _ = handles[i].Id;
            await handles[i].Completion.Guard();
        }

        rig.Queue.RememberedItems.ShouldBe(50);
        rig.Reconfigure(static options => options.Queue.HistorySize = 3);

        rig.Queue.RememberedItems.ShouldBe(3);
        rig.Queues.TryGet(handles[46].Id, out _).ShouldBeFalse();
        rig.Queues.TryGet(handles[47].Id, out _).ShouldBeTrue();
    }

    [Fact]
    public async Task TryGet_ByText_ReadsEveryFormOfAGuid()
    {
        await using var rig = await QueueRig.StartAsync();
        var handle = await rig.Queue.EnqueueAsync(Nothing);

        rig.Queues.TryGet(handle.Id.ToString(), out var dashes).ShouldBeTrue();
        rig.Queues.TryGet(handle.Id.ToString("N"), out var digits).ShouldBeTrue();
        rig.Queues.TryGet("not an id", out _).ShouldBeFalse();
        rig.Queues.TryGet((string?)null, out _).ShouldBeFalse();
        dashes.ShouldBeSameAs(handle);
        digits.ShouldBeSameAs(handle);
    }

    [Fact]
    public async Task TryGet_AnotherIdOfTheSameNumber_FindsNothing()
    {
        await using var rig = await QueueRig.StartAsync();
        var handle = await rig.Queue.EnqueueAsync(Nothing);
        Hosting.Queues.WorkIds.TryTakeApart(handle.Id, out var queue, out var number, out var secret).ShouldBeTrue();

        rig.Queues.TryGet(Hosting.Queues.WorkIds.Compose(queue, number, secret ^ 1), out _).ShouldBeFalse();
        rig.Queues.TryGet(Hosting.Queues.WorkIds.Compose(queue, number + 1, secret), out _).ShouldBeFalse();
        rig.Queues.TryGet(Hosting.Queues.WorkIds.Compose(queue + 1, number, secret), out _).ShouldBeFalse();
        rig.Queues.TryGet(Guid.NewGuid(), out _).ShouldBeFalse();
    }

    [Fact]
    public async Task TryGet_ItemOfANamedQueue_FindsItThroughTheOneTracker()
    {
        await using var rig = await QueueRig.StartAsync(static options => options.Queues["reports"] = new BackgroundQueueOptions());
        var handle = await rig.Queues.Get("reports").EnqueueAsync(Nothing);

        rig.Queues.TryGet(handle.Id, out var found).ShouldBeTrue();

        found.ShouldBeSameAs(handle);
        found!.QueueName.ShouldBe("reports");
    }

    [Fact]
    public async Task Id_ReadByManyAtOnce_IsOneId()
    {
        await using var rig = await QueueRig.StartAsync();
        for (var round = 0; round < 200; round++)
        {
            var handle = await rig.Queue.EnqueueAsync(Nothing);
            using var barrier = new Barrier(3);
            var ids = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(() =>
            {
                barrier.SignalAndWait(Guards.Patience);
                return handle.Id;
            }))).Guard();

            ids.Distinct().Count().ShouldBe(1);
        }
    }
}
