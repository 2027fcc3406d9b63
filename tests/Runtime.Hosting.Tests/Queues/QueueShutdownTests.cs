using Runtime.Core;
using Runtime.Core.Lifecycle;
using Runtime.Hosting.Queues;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Queues;

public sealed class QueueShutdownTests
{
    private static readonly TimeSpan Long = Guards.Patience;

    private static ValueTask Nothing(CancellationToken ct) => ValueTask.CompletedTask;

    [Fact]
    public async Task StopAsync_WorkIsQueued_DrainsItAndReportsIt()
    {
        await using var rig = await QueueRig.StartSerialAsync();
        var gate = await rig.HoldAsync();
        var handles = new List<WorkHandle>();
        for (var i = 0; i < 20; i++)
        {
            handles.Add(await rig.Queue.EnqueueAsync(static async ct => await Task.Yield()));
        }

        var stop = rig.Queue.StopAsync(Long, Long, CancellationToken.None);
        stop.IsCompleted.ShouldBeFalse();
        gate.Open();
        var report = await stop.Guard();

        handles.ShouldAllBe(handle => handle.Status == WorkStatus.Succeeded);
        (report.Completed, report.Cancelled, report.Abandoned).ShouldBe((21, 0, 0));
        rig.Queue.State.ShouldBe(RuntimeState.Terminated);
        (await rig.Logs.WaitFor(704)).Text.ShouldStartWith("Queue 'default' has stopped: 21 items completed, 0 cancelled, in ");
    }

    [Fact]
    public async Task StopAsync_HasBegun_NewWorkIsRefusedAndWaitersAreReleased()
    {
        await using var rig = await QueueRig.StartSerialAsync(static options => options.Queue.Capacity = 1);
        var gate = await rig.HoldAsync();
        var queued = await rig.Queue.EnqueueAsync(Nothing);
        var waiter = rig.Queue.EnqueueAsync(Nothing).AsTask();

        var stop = rig.Queue.StopAsync(Long, Long, CancellationToken.None);

        var released = await Should.ThrowAsync<RuntimeNotRunningException>(() => waiter.Guard());
        released.State.ShouldBe(RuntimeState.ShuttingDown);
        (await Should.ThrowAsync<RuntimeNotRunningException>(async () => await rig.Queue.EnqueueAsync(Nothing))).State.ShouldBe(RuntimeState.ShuttingDown);
        rig.Queue.TryEnqueue(Nothing, out _).ShouldBeFalse();
        gate.Open();
        (await stop.Guard()).Completed.ShouldBe(2);
        queued.Status.ShouldBe(WorkStatus.Succeeded);
    }

    [Fact]
    public async Task EnqueueAsync_BeforeTheStart_IsRefused()
    {
        await using var rig = await QueueRig.StartAsync();
        var unstarted = new BackgroundQueue("late", 5, rig.Queues.Services, QueueSettings.From(rig.Options, rig.Options.Queue, rig.Queue.Clock));

        var exception = await Should.ThrowAsync<RuntimeNotRunningException>(async () => await unstarted.EnqueueAsync(Nothing));

        exception.State.ShouldBe(RuntimeState.Uninitialized);
        (await unstarted.StopAsync(Long, Long, CancellationToken.None).Guard()).Live.ShouldBe(0);
        unstarted.Start();
        unstarted.TryEnqueue(Nothing, out _).ShouldBeFalse("a stopped queue stays stopped");
    }

    [Fact]
    public async Task StopAsync_DrainIsOver_CancelsWhatIsQueuedAndTheTokensOfWhatRuns()
    {
        await using var rig = await QueueRig.StartSerialAsync();
        var started = Signals.New();
        var running = await rig.Queue.EnqueueAsync(async ct =>
        {
            started.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, rig.Runtime.TimeProvider, ct);
        });
        await started.Task.Guard();
        var queued = await rig.Queue.EnqueueAsync(Nothing);
        var delayed = await rig.Queue.EnqueueAsync(Nothing, new EnqueueOptions { Delay = TimeSpan.FromSeconds(5) });

        var report = await rig.Queue.StopAsync(TimeSpan.FromMilliseconds(20), Long, CancellationToken.None).Guard();

        (report.Completed, report.Cancelled, report.Abandoned).ShouldBe((0, 3, 0));
        foreach (var handle in new[] { running, queued, delayed })
        {
            handle.Status.ShouldBe(WorkStatus.Cancelled);
            handle.CancellationReason.ShouldBe("the application is stopping");
        }
    }

    [Fact]
    public async Task StopAsync_TheCallersTokenIsCancelled_EndsTheDrain()
    {
        await using var rig = await QueueRig.StartSerialAsync();
        var started = Signals.New();
        var running = await rig.Queue.EnqueueAsync(async ct =>
        {
            started.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, rig.Runtime.TimeProvider, ct);
        });
        await started.Task.Guard();

        var report = await rig.Queue.StopAsync(Long, Long, new CancellationToken(canceled: true)).Guard();

        report.Cancelled.ShouldBe(1);
        running.Status.ShouldBe(WorkStatus.Cancelled);
    }

    [Fact]
    public async Task StopAsync_WorkIgnoresItsToken_IsAbandonedAndItsLaterEndStillShowsOnTheHandle()
    {
        await using var rig = await QueueRig.StartSerialAsync();
        var gate = await rig.HoldAsync();

        var report = await rig.Queue.StopAsync(TimeSpan.Zero, TimeSpan.Zero, CancellationToken.None).Guard();

        (report.Completed, report.Cancelled, report.Abandoned).ShouldBe((0, 0, 1));
        rig.Snapshot.Abandoned.ShouldBe(1);
        rig.Snapshot.Running.ShouldBe(0);
        gate.Handle.Status.ShouldBe(WorkStatus.Running);
        rig.Logs.Of(705).ShouldHaveSingleItem().Text.ShouldContain("1 ignored their token and were abandoned.");

        gate.Open();
        await gate.Handle.Completion.Guard();
        gate.Handle.Status.ShouldBe(WorkStatus.Succeeded);
        rig.Snapshot.Abandoned.ShouldBe(1);
        rig.Snapshot.Succeeded.ShouldBe(0);
    }

    [Fact]
    public async Task StopAsync_WorkBlocksInItsFirstStretch_IsCancelledAndAbandonedToo()
    {
        await using var rig = await QueueRig.StartSerialAsync();
        using var release = new ManualResetEventSlim();
        var token = Signals.New<CancellationToken>();
        var handle = await rig.Queue.EnqueueAsync(ct =>
        {
            token.SetResult(ct);
            release.Wait(Guards.Patience, CancellationToken.None);
            return ValueTask.CompletedTask;
        });
        var its = await token.Task.Guard();

        var report = await rig.Queue.StopAsync(TimeSpan.Zero, TimeSpan.Zero, CancellationToken.None).Guard();

        report.Abandoned.ShouldBe(1);
        its.IsCancellationRequested.ShouldBeTrue();
        release.Set();
        await handle.Completion.Guard();
    }

    [Fact]
    public async Task StopAsync_ItemsDueAfterTheDrain_AreCancelledAtOnceAndOthersStillRun()
    {
        var clock = new ManualClock();
        await using var rig = await QueueRig.StartSerialAsync(clock: clock);
        var gate = await rig.HoldAsync();
        var soon = await rig.Queue.EnqueueAsync(Nothing, new EnqueueOptions { Delay = TimeSpan.FromSeconds(5) });
        var late = await rig.Queue.EnqueueAsync(Nothing, new EnqueueOptions { Delay = TimeSpan.FromSeconds(60) });

        var stop = rig.Queue.StopAsync(TimeSpan.FromSeconds(30), Long, CancellationToken.None);
        late.Status.ShouldBe(WorkStatus.Cancelled);
        soon.Status.ShouldBe(WorkStatus.Queued);
        gate.Open();
        clock.Advance(TimeSpan.FromSeconds(5));

        var report = await stop.Guard();
        soon.Status.ShouldBe(WorkStatus.Succeeded);
        (report.Completed, report.Cancelled, report.Abandoned).ShouldBe((2, 1, 0));
    }

    [Fact]
    public async Task StopAsync_ByMany_IsOneStop()
    {
        await using var rig = await QueueRig.StartSerialAsync();
        var gate = await rig.HoldAsync();
        var first = rig.Queue.StopAsync(Long, Long, CancellationToken.None);
        var others = Enumerable.Range(0, 8).Select(_ => Task.Run(() => rig.Queue.StopAsync(TimeSpan.Zero, TimeSpan.Zero, CancellationToken.None))).ToArray();
        gate.Open();

        var reports = await Task.WhenAll([first, .. others]).Guard();

        reports.Distinct().ShouldHaveSingleItem().Completed.ShouldBe(1);
    }

    [Fact]
    public async Task StopAsync_WhileManyProducersEnqueue_EveryAcceptedItemIsAccountedFor()
    {
        await using var rig = await QueueRig.StartAsync(static options =>
        {
            options.Queue.Capacity = 100;
            options.WorkerThreads = 2;
        });
        long accepted = 0;
        long ran = 0;
        var enough = Signals.New();
        var producers = Enumerable.Range(0, 64).Select(producer => Task.Run(async () =>
        {
            while (true)
            {
                try
                {
                    await rig.Queue.EnqueueAsync(async ct =>
                    {
                        Interlocked.Increment(ref ran);
                        if (producer % 2 == 0)
                        {
                            await Task.Yield();
                        }
                    });
                }
                catch (RuntimeNotRunningException)
                {
                    return;
                }

                if (Interlocked.Increment(ref accepted) == 20_000)
                {
                    enough.SetResult();
                }
            }
        })).ToArray();
        await enough.Task.Guard();

        var report = await rig.Queue.StopAsync(Long, Long, CancellationToken.None).Guard();
        await Task.WhenAll(producers).Guard();

        var snapshot = rig.Snapshot;
        QueueRig.ShouldAddUp(snapshot);
        snapshot.Accepted.ShouldBe(accepted);
        snapshot.Succeeded.ShouldBe(accepted);
        ran.ShouldBe(accepted);
        snapshot.Queued.ShouldBe(0);
        snapshot.Running.ShouldBe(0);
        snapshot.Waiters.ShouldBe(0);
        report.Live.ShouldBe(report.Completed);
    }

    [Fact]
    public async Task StopAsync_OfAllQueues_ReportsTheSum()
    {
        await using var rig = await QueueRig.StartAsync(static options => options.Queues["reports"] = new BackgroundQueueOptions());
        var delayed = new EnqueueOptions { Delay = TimeSpan.FromHours(1) };
        await rig.Queues.Get("reports").EnqueueAsync(Nothing, delayed);
        await rig.Queue.EnqueueAsync(Nothing, delayed);

        var report = await rig.Queues.StopAsync(Long, Long, CancellationToken.None).Guard();

        (report.Completed, report.Cancelled, report.Abandoned).ShouldBe((0, 2, 0));
    }

    [Fact]
    public async Task StopAsync_EveryWorkerIsBusyWithWorkThatPollsItsToken_EndsItAllTheSame()
    {
        await using var rig = await QueueRig.StartAsync();
        using var running = new CountdownEvent(2);
        for (var i = 0; i < 2; i++)
        {
            await rig.Queue.EnqueueAsync(ct => Burn(running, ct));
        }

        running.Wait(Guards.Patience).ShouldBeTrue();

        var report = await rig.Queue.StopAsync(TimeSpan.FromMilliseconds(20), Long, CancellationToken.None).Guard();

        report.Cancelled.ShouldBe(2);
    }

    [Fact]
    public async Task Timeout_EveryWorkerIsBusyWithWorkThatPollsItsToken_EndsItAllTheSame()
    {
        await using var rig = await QueueRig.StartAsync();
        using var running = new CountdownEvent(2);
        var options = new EnqueueOptions { Timeout = TimeSpan.FromMilliseconds(20) };
        var one = await rig.Queue.EnqueueAsync(ct => Burn(running, ct), options);
        var two = await rig.Queue.EnqueueAsync(ct => Burn(running, ct), options);

        await Should.ThrowAsync<OperationCanceledException>(() => one.Completion.Guard());
        await Should.ThrowAsync<OperationCanceledException>(() => two.Completion.Guard());
    }

    private static ValueTask Burn(CountdownEvent running, CancellationToken ct)
    {
        running.Signal();
        while (!ct.IsCancellationRequested)
        {
            Thread.Yield();
        }

        ct.ThrowIfCancellationRequested();
        return ValueTask.CompletedTask;
    }
}
