using System.Diagnostics;
using Runtime.Core;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Queues;

/// <summary>What one item, or its enqueuer, must not leave behind for the next; and where work runs.</summary>
public sealed class QueueIsolationTests
{
    private static readonly AsyncLocal<string?> Local = new();

    [Fact]
    public async Task EnqueueAsync_AsyncLocalOfTheEnqueuer_DoesNotReachTheWork()
    {
        await using var rig = await QueueRig.StartAsync();
        Local.Value = "of the request";
        string? first = "not run";
        string? later = "not run";

        await (await rig.Queue.EnqueueAsync(async ct =>
        {
            first = Local.Value;
            await Task.Yield();
            later = Local.Value;
        })).Completion.Guard();

        first.ShouldBeNull();
        later.ShouldBeNull();
        Local.Value.ShouldBe("of the request");
    }

    [Fact]
    public async Task EnqueueAsync_ItemRemovesTheContext_TheNextStillComesHome()
    {
        await using var rig = await QueueRig.StartSerialAsync();
        var gate = await rig.HoldAsync();
        var homes = new List<AsyncRuntime?>();
        WorkHandle? last = null;
        for (var i = 0; i < 5; i++)
        {
            await rig.Queue.EnqueueAsync(static ct =>
            {
                SynchronizationContext.SetSynchronizationContext(null);
                return ValueTask.CompletedTask;
            });
            last = await rig.Queue.EnqueueAsync(async ct =>
            {
                await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, ct);
                homes.Add(AsyncRuntime.Current);
            });
        }

        gate.Open();
        await last!.Completion.Guard();

        homes.Count.ShouldBe(5);
        homes.ShouldAllBe(static home => home != null);
    }

    [Fact]
    public async Task EnqueueAsync_AsyncLocalSetByAnItemThatIsNoAsyncMethod_DoesNotReachTheNext()
    {
        await using var rig = await QueueRig.StartSerialAsync();
        var gate = await rig.HoldAsync();
        var seen = new List<string?>();
        var handles = new List<WorkHandle>();
        for (var i = 0; i < 10; i++)
        {
            handles.Add(await rig.Queue.EnqueueAsync(ct =>
            {
                seen.Add(Local.Value);
                Local.Value = "of another item";
                return ValueTask.CompletedTask;
            }));
        }

        gate.Open();
        await Task.WhenAll(handles.Select(static handle => handle.Completion)).Guard();

        seen.ShouldBe(Enumerable.Repeat<string?>(null, 10));
    }

    [Fact]
    public async Task EnqueueAsync_ActivityAndContextLeftBehindByAnItem_DoNotReachTheNext()
    {
        await using var rig = await QueueRig.StartSerialAsync();
        var gate = await rig.HoldAsync();
        Activity? seen = new("not run");
        SynchronizationContext? foreign = new();
        SynchronizationContext? context = foreign;
        var bad = await rig.Queue.EnqueueAsync(ct =>
        {
            new Activity("left behind").Start();
            SynchronizationContext.SetSynchronizationContext(foreign);
            ExecutionContext.SuppressFlow();
            return ValueTask.CompletedTask;
        });
        var good = await rig.Queue.EnqueueAsync(ct =>
        {
            seen = Activity.Current;
            context = SynchronizationContext.Current;
            ExecutionContext.IsFlowSuppressed().ShouldBeFalse();
            return ValueTask.CompletedTask;
        });

        gate.Open();
        await bad.Completion.Guard();
        await good.Completion.Guard();

        seen.ShouldBeNull();
        context.ShouldNotBeSameAs(foreign);
    }

    [Fact]
    public async Task EnqueueAsync_WorkAwaits_ResumesOnAWorkerOfTheRuntime()
    {
        await using var rig = await QueueRig.StartAsync();
        var seen = new List<AsyncRuntime?>();

        await (await rig.Queue.EnqueueAsync(async ct =>
        {
            seen.Add(AsyncRuntime.Current);
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, ct);
            seen.Add(AsyncRuntime.Current);
            await Task.Run(static () => { }, ct);
            seen.Add(AsyncRuntime.Current);
        })).Completion.Guard();

        seen.ShouldBe([rig.Runtime, rig.Runtime, rig.Runtime]);
    }

    [Fact]
    public async Task EnqueueAsync_ItemsThatAwait_HoldNoWorker()
    {
        await using var rig = await QueueRig.StartAsync(static options => options.Queue.MaxConcurrency = 1000);
        var all = Signals.New();
        var waiting = 0;
        var handles = new List<WorkHandle>();
        for (var i = 0; i < 1000; i++)
        {
            handles.Add(await rig.Queue.EnqueueAsync(async ct =>
            {
                if (Interlocked.Increment(ref waiting) == 1000)
                {
                    all.SetResult();
                }

                await all.Task; // ends only when all thousand are in here at once, on two workers
            }));
        }

        await Task.WhenAll(handles.Select(static handle => handle.Completion)).Guard();
    }

    [Fact]
    public async Task EnqueueAsync_MaxConcurrency_IsNeverExceededAndReached()
    {
        await using var rig = await QueueRig.StartAsync(static options => options.Queue.MaxConcurrency = 5);
        var reached = Signals.New();
        var running = 0;
        var exceeded = false;
        var handles = new List<WorkHandle>();
        for (var i = 0; i < 500; i++)
        {
            handles.Add(await rig.Queue.EnqueueAsync(async ct =>
            {
                var now = Interlocked.Increment(ref running);
                exceeded |= now > 5;
                if (now == 5)
                {
                    reached.TrySetResult();
                }

                await reached.Task;
                await Task.Yield();
                Interlocked.Decrement(ref running);
            }));
        }

        await Task.WhenAll(handles.Select(static handle => handle.Completion)).Guard();

        exceeded.ShouldBeFalse();
    }

    [Fact]
    public async Task EnqueueAsync_AnItemBlocksItsWorker_StrandsNothingThatWasQueuedBehindIt()
    {
        await using var rig = await QueueRig.StartAsync();
        using var blocked = new ManualResetEventSlim();
        var started = Signals.New();
        var blocking = await rig.Queue.EnqueueAsync(ct =>
        {
            started.SetResult();
            blocked.Wait(Guards.Patience, CancellationToken.None);
            return ValueTask.CompletedTask;
        });
        await started.Task.Guard();

        for (var i = 0; i < 200; i++)
        {
            await (await rig.Queue.EnqueueAsync(static ct => ValueTask.CompletedTask)).Completion.Guard();
        }

        blocking.Status.ShouldBe(WorkStatus.Running);
        blocked.Set();
        await blocking.Completion.Guard();
    }

    [Theory]
    [InlineData("my-report", "my-report of the queue 'default'")]
    [InlineData(null, nameof(EnqueueAsync_AnItemBlocksItsWorker_ItIsNamed))]
    public async Task EnqueueAsync_AnItemBlocksItsWorker_ItIsNamed(string? name, string expected)
    {
        await using var rig = await QueueRig.StartAsync();
        using var blocked = new ManualResetEventSlim();
        var reported = Signals.New<string>();
        rig.Runtime.WorkerBlocked += report => reported.TrySetResult(report.Item);

        var blocking = await rig.Queue.EnqueueAsync(
            ct =>
            {
                blocked.Wait(Guards.Patience, CancellationToken.None);
                return ValueTask.CompletedTask;
            },
            new EnqueueOptions { Name = name });

        (await reported.Task.Guard()).ShouldContain(expected);
        blocked.Set();
        await blocking.Completion.Guard();
    }

    [Fact]
    public async Task EnqueueAsync_UrgentItemBehindABacklogOfAnotherQueue_HasAPumpOfItsOwnPriority()
    {
        await using var rig = await QueueRig.StartAsync(static options =>
        {
            options.WorkerThreads = 1;
            options.Queues["bulk"] = new BackgroundQueueOptions { MaxConcurrency = 1000 };
        });
        var bulk = rig.Queues.Get("bulk");
        using var hold = new ManualResetEventSlim();
        var held = Signals.New();
        await bulk.EnqueueAsync(ct =>
        {
            held.SetResult();
            hold.Wait(Guards.Patience, CancellationToken.None);
            return ValueTask.CompletedTask;
        });
        await held.Task.Guard();
        var bulkDone = 0;
        for (var i = 0; i < 1000; i++)
        {
            await bulk.EnqueueAsync(ct =>
            {
                bulkDone++;
                return ValueTask.CompletedTask;
            });
        }

        await rig.Queue.EnqueueAsync(static ct => ValueTask.CompletedTask, new EnqueueOptions { Priority = TaskPriority.Background });
        var before = -1;
        var urgent = await rig.Queue.EnqueueAsync(
            ct =>
            {
                before = bulkDone;
                return ValueTask.CompletedTask;
            },
            new EnqueueOptions { Priority = TaskPriority.Critical });
        hold.Set();
        await urgent.Completion.Guard();

        before.ShouldBeLessThan(200, "it waited for one turn of the other queue's pump at most, not for its backlog");
    }
}
