using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Queues;

public sealed class QueueReconfigureTests
{
    private static ValueTask Nothing(CancellationToken ct) => ValueTask.CompletedTask;

    [Fact]
    public async Task Reconfigure_CapacityBelowTheCount_LosesNothingAndNewItemsWait()
    {
        await using var rig = await QueueRig.StartSerialAsync(static options => options.Queue.Capacity = 10);
        var gate = await rig.HoldAsync();
        var handles = new List<WorkHandle>();
        for (var i = 0; i < 10; i++)
        {
            handles.Add(await rig.Queue.EnqueueAsync(Nothing));
        }

        rig.Reconfigure(static options => options.Queue.Capacity = 2);
        rig.Queue.Capacity.ShouldBe(2);
        rig.Queue.TryEnqueue(Nothing, out _).ShouldBeFalse();
        var waiting = rig.Queue.EnqueueAsync(Nothing).AsTask();
        waiting.IsCompleted.ShouldBeFalse();
        gate.Open();

        await (await waiting.Guard()).Completion.Guard();
        handles.ShouldAllBe(handle => handle.Status == WorkStatus.Succeeded);
    }

    [Fact]
    public async Task Reconfigure_MoreCapacity_AdmitsThoseWhoWait()
    {
        await using var rig = await QueueRig.StartSerialAsync(static options => options.Queue.Capacity = 1);
        var gate = await rig.HoldAsync();
        await rig.Queue.EnqueueAsync(Nothing);
        var waiting = Enumerable.Range(0, 5).Select(_ => rig.Queue.EnqueueAsync(Nothing).AsTask()).ToArray();

        rig.Reconfigure(static options => options.Queue.Capacity = 4);

        await Task.WhenAll(waiting[..3]).Guard();
        waiting[3].IsCompleted.ShouldBeFalse();
        rig.Queue.Count.ShouldBe(4);
        gate.Open();
        await Task.WhenAll(waiting).Guard();
    }

    [Fact]
    public async Task Reconfigure_MoreConcurrency_StartsWhatWaited()
    {
        await using var rig = await QueueRig.StartSerialAsync();
        var gate = await rig.HoldAsync();
        var handle = await rig.Queue.EnqueueAsync(Nothing);

        rig.Reconfigure(static options => options.Queue.MaxConcurrency = 2);

        await handle.Completion.Guard();
        gate.Open();
    }

    [Fact]
    public async Task Reconfigure_LessConcurrency_StartsNothingUntilItFits()
    {
        await using var rig = await QueueRig.StartAsync(static options => options.Queue.MaxConcurrency = 3);
        QueueRig.Gate[] gates = [await rig.HoldAsync(), await rig.HoldAsync(), await rig.HoldAsync()];
        rig.Reconfigure(static options => options.Queue.MaxConcurrency = 1);
        var handle = await rig.Queue.EnqueueAsync(Nothing);

        gates[0].Open();
        await gates[0].Handle.Completion.Guard();
        gates[1].Open();
        await gates[1].Handle.Completion.Guard();
        handle.Status.ShouldBe(WorkStatus.Queued);
        gates[2].Open();

        await handle.Completion.Guard();
    }

    [Fact]
    public async Task Reconfigure_FullMode_AppliesToTheNextEnqueue()
    {
        await using var rig = await QueueRig.StartSerialAsync(static options => options.Queue.Capacity = 1);
        var gate = await rig.HoldAsync();
        var first = await rig.Queue.EnqueueAsync(Nothing);

        rig.Reconfigure(static options => options.Queue.FullMode = QueueFullMode.Reject);
        await Should.ThrowAsync<QueueFullException>(async () => await rig.Queue.EnqueueAsync(Nothing));
        rig.Reconfigure(static options => options.Queue.FullMode = QueueFullMode.DropOldest);
        await rig.Queue.EnqueueAsync(Nothing);

        first.Status.ShouldBe(WorkStatus.Dropped);
        gate.Open();
    }

    [Fact]
    public async Task MaxConcurrency_Automatic_IsSixteenAWorkerAndAtLeast64()
    {
        await using var small = await QueueRig.StartAsync(static options => options.WorkerThreads = 2);
        await using var large = await QueueRig.StartAsync(static options => options.WorkerThreads = 10);

        small.Snapshot.MaxConcurrency.ShouldBe(64);
        large.Snapshot.MaxConcurrency.ShouldBe(160);
    }

    [Fact]
    public async Task Reconfigure_NewAndVanishedNames_AddsTheOneAndKeepsTheOther()
    {
        await using var rig = await QueueRig.StartAsync(static options => options.Queues["old"] = new BackgroundQueueOptions { Capacity = 5 });
        rig.Reconfigure(static options =>
        {
            options.Queues.Remove("old");
            options.Queues["new"] = new BackgroundQueueOptions { Capacity = 7 };
        });

        rig.Queues.Get("new").Capacity.ShouldBe(7);
        rig.Queues.Get("old").Capacity.ShouldBe(5);
        await (await rig.Queues.Get("new").EnqueueAsync(Nothing)).Completion.Guard();
        rig.Queues.Snapshot().Select(static snapshot => snapshot.Name).ShouldBe(["default", "old", "new"]);
    }

    [Fact]
    public async Task Get_UnknownName_ListsTheNamesAndTheRemedy()
    {
        await using var rig = await QueueRig.StartAsync(static options => options.Queues["reports"] = new BackgroundQueueOptions());

        Should.Throw<InvalidOperationException>(() => rig.Queues.Get("report")).Message.ShouldBe(
            "There is no queue 'report'; the application has 'default', 'reports'. Add it with AddQueue(\"report\"), or in the configuration under AsyncRuntime:Queues.");
    }

    [Fact]
    public async Task Reconfigure_ANamedQueueIsCalledDefault_IsRefusedWithTheRemedy()
    {
        await using var rig = await QueueRig.StartAsync();
        var bad = new AsyncRuntimeHostingOptions();
        bad.Queues["default"] = new BackgroundQueueOptions();

        Should.Throw<InvalidOperationException>(() => rig.Queues.Reconfigure(bad)).Message.ShouldBe(
            "AsyncRuntime:Queues has an entry 'default'. That is the queue without a key: configure it under AsyncRuntime:Queue, or choose another name.");
    }

    [Fact]
    public async Task Queues_NamedOnes_HaveTheirOwnSettingsAndOrder()
    {
        await using var rig = await QueueRig.StartSerialAsync(static options => options.Queues["reports"] = new BackgroundQueueOptions { Capacity = 3, MaxConcurrency = 2 });
        var gate = await rig.HoldAsync();

        var other = await rig.Queues.Get("reports").EnqueueAsync(Nothing);

        await other.Completion.Guard();
        other.QueueName.ShouldBe("reports");
        rig.Queues.Get("reports").Capacity.ShouldBe(3);
        gate.Open();
    }
}
