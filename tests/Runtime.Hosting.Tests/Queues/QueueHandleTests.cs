using Runtime.Core;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Queues;

public sealed class QueueHandleTests
{
    [Fact]
    public async Task Handle_OfAnItem_TellsWhatWasAskedForAndWhatHappened()
    {
        var clock = new ManualClock();
        await using var rig = await QueueRig.StartSerialAsync(clock: clock);
        var gate = await rig.HoldAsync();
        var handle = await rig.Queue.EnqueueAsync<int>(
            static ct => ValueTask.FromResult(42),
            new EnqueueOptions { Name = "answer", Priority = TaskPriority.Low, Tags = ["a", "b"] });
        var enqueued = clock.GetUtcNow();

        handle.Name.ShouldBe("answer");
        handle.QueueName.ShouldBe("default");
        handle.Priority.ShouldBe(TaskPriority.Low);
        handle.Tags.ShouldBe(["a", "b"]);
        handle.Status.ShouldBe(WorkStatus.Queued);
        handle.EnqueuedAt.ShouldBe(enqueued);
        handle.StartedAt.ShouldBeNull();
        handle.FinishedAt.ShouldBeNull();
        handle.Progress.ShouldBeNull();
        handle.Result.ShouldBeNull();
        handle.TryGetResult(out _).ShouldBeFalse();
        handle.Id.ShouldBe(handle.Id);

        clock.Advance(TimeSpan.FromSeconds(7));
        gate.Open();
        (await handle.Completion.Guard()).ShouldBe(42);

        handle.Status.ShouldBe(WorkStatus.Succeeded);
        handle.StartedAt.ShouldBe(enqueued + TimeSpan.FromSeconds(7));
        handle.FinishedAt.ShouldBe(enqueued + TimeSpan.FromSeconds(7));
        handle.Result.ShouldBe(42);
        handle.TryGetResult(out var result).ShouldBeTrue();
        result.ShouldBe(42);
        handle.Error.ShouldBeNull();
        handle.CancellationReason.ShouldBeNull();
    }

    [Fact]
    public async Task Handle_Awaited_WaitsForTheEndAndGivesTheResult()
    {
        await using var rig = await QueueRig.StartAsync();

        var result = await await rig.Queue.EnqueueAsync<string>(static async ct =>
        {
            await Task.Yield();
            return "done";
        });
        await await rig.Queue.EnqueueAsync(static async ct => await Task.Yield());

        result.ShouldBe("done");
    }

    [Fact]
    public async Task Handle_OfFailedWork_ThrowsTheWorksException()
    {
        await using var rig = await QueueRig.StartAsync();
        var thrown = new InvalidOperationException("no");
        var handle = await rig.Queue.EnqueueAsync(async ct =>
        {
            await Task.Yield();
            throw thrown;
        });

        (await Should.ThrowAsync<InvalidOperationException>(async () => await handle)).ShouldBeSameAs(thrown);

        handle.Status.ShouldBe(WorkStatus.Failed);
        handle.Error.ShouldBeSameAs(thrown);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Completion_AskedForBeforeOrAfterTheEnd_IsTheSameOutcome(bool before)
    {
        await using var rig = await QueueRig.StartAsync();
        var handles = new List<WorkHandle<int>>();
        for (var i = 0; i < 200; i++)
        {
            handles.Add(await rig.Queue.EnqueueAsync<int>(static ct => ValueTask.FromResult(7)));
            if (before)
            {
                _ = handles[i].Completion;
            }
        }

        foreach (var handle in handles)
        {
            (await handle.Completion.Guard()).ShouldBe(7);
            handle.Completion.ShouldBeSameAs(handle.Completion);
            ((WorkHandle)handle).Completion.ShouldBeSameAs(handle.Completion);
        }
    }

    [Fact]
    public async Task Completion_AskedForBeforeAndAfterTheEnd_IsTheSameTask()
    {
        await using var rig = await QueueRig.StartAsync();
        for (var i = 0; i < 100; i++)
        {
            var handle = await rig.Queue.EnqueueAsync(static async ct => await Task.Yield());
            var before = handle.Completion;
            await before.Guard();
            handle.Completion.ShouldBeSameAs(before);

            var unasked = await rig.Queue.EnqueueAsync(static _ => default);
            SpinWait.SpinUntil(() => unasked.Status == WorkStatus.Succeeded, TimeSpan.FromSeconds(30)).ShouldBeTrue();
            unasked.Completion.ShouldBeSameAs(unasked.Completion);
            unasked.Completion.IsCompletedSuccessfully.ShouldBeTrue();
        }
    }

    [Theory]
    [InlineData(QueueFullMode.Wait, 500)]
    [InlineData(QueueFullMode.DropOldest, 4)]
    public async Task Times_ManyProducers_AreNeverInTheWrongOrder(QueueFullMode mode, int capacity)
    {
        const int Producers = 4;
        const int Items = 25_000;
        await using var rig = await QueueRig.StartAsync(
            options =>
            {
                options.Queue.Capacity = capacity;
                options.Queue.FullMode = mode;
            },
            log: false);
        var handles = new WorkHandle[Producers * Items];
        await Task.WhenAll(Enumerable.Range(0, Producers).Select(producer => Task.Run(async () =>
        {
            for (var i = 0; i < Items; i++)
            {
                handles[(producer * Items) + i] = await rig.Queue.EnqueueAsync(static _ => default);
            }
        }))).Guard();

        foreach (var handle in handles)
        {
            await handle.Completion.ContinueWith(static _ => { }, TaskScheduler.Default).Guard();
            (handle.StartedAt ?? handle.EnqueuedAt).ShouldBeGreaterThanOrEqualTo(handle.EnqueuedAt);
            handle.FinishedAt!.Value.ShouldBeGreaterThanOrEqualTo(handle.StartedAt ?? handle.EnqueuedAt);
        }
    }

    [Fact]
    public async Task Completion_AskedForWhileTheItemEnds_AlwaysEnds()
    {
        await using var rig = await QueueRig.StartAsync();
        for (var i = 0; i < 5000; i++)
        {
            var handle = await rig.Queue.EnqueueAsync(static ct => ValueTask.CompletedTask);
            await handle.Completion.Guard();
        }
    }

    [Fact]
    public async Task Completion_AwaiterContinues_NotInsideTheQueuesPump()
    {
        await using var rig = await QueueRig.StartSerialAsync();
        var gate = await rig.HoldAsync();
        var inContinuation = Signals.New();
        var goOn = Signals.New();
        _ = gate.Handle.Completion.ContinueWith(
            task =>
            {
                inContinuation.SetResult();
                goOn.Task.Wait(Guards.Patience).ShouldBeTrue();
            },
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        gate.Open();
        await inContinuation.Task.Guard();

        await (await rig.Queue.EnqueueAsync(static ct => ValueTask.CompletedTask)).Completion.Guard();

        goOn.SetResult();
    }

    [Fact]
    public async Task Handle_OfFinishedWork_KeepsNeitherTheClosureNorWhatItHolds()
    {
        await using var rig = await QueueRig.StartAsync();
        var (handle, data) = await EnqueueWithDataAsync(rig);
        await handle.Completion.Guard();

        for (var i = 0; i < 20 && data.IsAlive; i++)
        {
            // The worker's stack may still hold the item for a moment: other work makes it forget.
            await (await rig.Queue.EnqueueAsync(static ct => ValueTask.CompletedTask)).Completion.Guard();
            GC.Collect();
        }

        data.IsAlive.ShouldBeFalse();
        GC.KeepAlive(handle);
    }

    [Fact]
    public async Task Handle_OfFailedWorkThatNobodyAwaits_RaisesNoUnobservedException()
    {
        var unobserved = new List<Exception>();
        void Note(object? sender, UnobservedTaskExceptionEventArgs args)
        {
            if (args.Exception.ToString().Contains("nobody looks", StringComparison.Ordinal))
            {
                unobserved.Add(args.Exception);
            }
        }

        TaskScheduler.UnobservedTaskException += Note;
        try
        {
            await using var rig = await QueueRig.StartAsync(log: false);
            for (var i = 0; i < 10; i++)
            {
                var handle = await rig.Queue.EnqueueAsync(static ct => ValueTask.FromException(new InvalidOperationException("nobody looks")));
                _ = handle.Completion;
                await (await rig.Queue.EnqueueAsync(static ct => ValueTask.CompletedTask)).Completion.Guard();
            }

            GC.Collect();
            GC.WaitForPendingFinalizers();
            GC.Collect();
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= Note;
        }

        unobserved.ShouldBeEmpty();
    }

    private static async Task<(WorkHandle Handle, WeakReference Data)> EnqueueWithDataAsync(QueueRig rig)
    {
        var data = new byte[1000];
        var handle = await rig.Queue.EnqueueAsync(async ct =>
        {
            await Task.Yield();
            GC.KeepAlive(data);
        });
        _ = handle.Id; // so that the tracker remembers it too
        return (handle, new WeakReference(data));
    }
}
