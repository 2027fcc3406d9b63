using Microsoft.Extensions.DependencyInjection;
using Runtime.Core;
using Runtime.Hosting.Queues;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Queues;

/// <summary>Items that a pump has claimed along with the one that it runs: they are still anybody's.</summary>
public sealed class QueueClaimTests
{
    private const int Behind = 40;

    // What ran, in order: -1 for the item that acts, then the numbers of those behind it.
    private readonly List<int> _ran = [];

    private readonly WorkHandle[] _behind = new WorkHandle[Behind];

    [Fact]
    public async Task Cancel_OfAClaimedItem_TheOthersRunInOrderAndItNever()
    {
        await using var rig = await QueueRig.StartSerialAsync();
        var took = false;

        await RunAsync(rig, ct => took = _behind[2].Cancel("not wanted"));

        took.ShouldBeTrue();
        _behind[2].Status.ShouldBe(WorkStatus.Cancelled);
        _ran.ShouldBe([-1, .. Enumerable.Range(0, Behind).Where(static i => i != 2)]);
        rig.Snapshot.Cancelled.ShouldBe(1);
    }

    [Fact]
    public async Task Cancel_OfTheRunningItemByItself_CancelsItsTokenAndNotThatOfTheNext()
    {
        await using var rig = await QueueRig.StartSerialAsync();
        var own = false;
        var others = 0;

        await RunAsync(
            rig,
            ct =>
            {
                Acting!.Cancel().ShouldBeTrue();
                own = ct.IsCancellationRequested;
            },
            ct => others += ct.IsCancellationRequested ? 1 : 0);

        own.ShouldBeTrue();
        others.ShouldBe(0);
        _ran.Count.ShouldBe(Behind + 1);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("taken in under the lock")]
    public async Task EnqueueAsync_UrgentItemWhileOthersAreClaimed_GoesBeforeThem(string? key)
    {
        await using var rig = await QueueRig.StartSerialAsync();

        var options = new EnqueueOptions { Priority = TaskPriority.Critical, ConcurrencyKey = key };
        rig.Queue.TryEnqueue(static ct => ValueTask.CompletedTask, options, out var first).ShouldBeTrue(); // compiles the way in: the watch is quick
        await first.Completion.Guard();

        await RunAsync(rig, ct =>
        {
            rig.Queue.TryEnqueue(
                ct =>
                {
                    _ran.Add(100);
                    return ValueTask.CompletedTask;
                },
                options,
                out _).ShouldBeTrue();
        });

        _ran.ShouldBe([-1, 100, .. Enumerable.Range(0, Behind)]);
    }

    [Fact]
    public async Task EnqueueAsync_DropOldestWhileTheOldestIsClaimed_DropsIt()
    {
        await using var rig = await QueueRig.StartSerialAsync(static options =>
        {
            options.Queue.Capacity = Behind + 2;
            options.Queue.FullMode = QueueFullMode.DropOldest;
        });

        await RunAsync(rig, ct =>
        {
            for (var i = 0; i < 4; i++)
            {
                rig.Queue.TryEnqueue(static ct => ValueTask.CompletedTask, options: null, out _).ShouldBeTrue();
            }
        });

        _behind.Select(static handle => handle.Status).Take(3).ShouldBe([WorkStatus.Dropped, WorkStatus.Dropped, WorkStatus.Succeeded]);
        _ran.ShouldBe([-1, .. Enumerable.Range(2, Behind - 2)]);
        rig.Snapshot.Dropped.ShouldBe(2);
    }

    [Fact]
    public async Task EnqueueAsync_AnItemBlocksForEver_WhatItsPumpHasClaimedIsRunByAnother()
    {
        await using var rig = await QueueRig.StartAsync(static options => options.Queue.MaxConcurrency = 2);
        var other = await rig.HoldAsync();
        using var release = new ManualResetEventSlim();

        var run = RunAsync(rig, ct =>
        {
            other.Open(); // from here on there is a place for another pump
            release.Wait(Guards.Patience, CancellationToken.None);
        });
        await _allQueued.Task.Guard();
        foreach (var handle in _behind)
        {
            await handle.Completion.Guard();
        }

        Acting!.Status.ShouldBe(WorkStatus.Running);
        release.Set();
        await run;
    }

    [Fact]
    public async Task Count_WhileAPumpWalksThroughItsClaims_IsExactInEveryItem()
    {
        await using var rig = await QueueRig.StartSerialAsync();
        var counts = new List<int>();
        var claims = 0;

        await RunAsync(rig, static ct => { }, ct =>
        {
            counts.Add(rig.Queue.Count);
            claims += rig.Queue.ClaimCount;
        });

        counts.ShouldBe(Enumerable.Range(0, Behind).Reverse());
        claims.ShouldBeGreaterThan(0, "looking at the count leaves the claims alone");
    }

    [Fact]
    public async Task Snapshot_WhileItemsAreClaimed_ShowsThemAsQueuedAndPutsTheirOrderAtNoRisk()
    {
        await using var rig = await QueueRig.StartSerialAsync();
        QueueSnapshot? seen = null;

        await RunAsync(rig, ct => seen = rig.Snapshot);

        QueueRig.ShouldAddUp(seen!);
        (seen!.Queued, seen.Running, seen.Succeeded).ShouldBe((Behind, 1, 2));
        _ran.ShouldBe([-1, .. Enumerable.Range(0, Behind)]);
    }

    [Fact]
    public async Task StopAsync_CutOffWhileItemsAreClaimed_CancelsThemAndReportsThem()
    {
        await using var rig = await QueueRig.StartSerialAsync();
        Task<ShutdownReport>? stop = null;

        await RunAsync(rig, ct =>
        {
            stop = rig.Queue.StopAsync(TimeSpan.Zero, Guards.Patience, CancellationToken.None);
            _behind.ShouldAllBe(static handle => handle.Status == WorkStatus.Cancelled); // at once: so few are cancelled in one go
            ct.WaitHandle.WaitOne(Guards.Patience).ShouldBeTrue();
        });
        var report = await stop!.Guard();

        (report.Completed, report.Cancelled, report.Abandoned).ShouldBe((1, Behind, 0));
        _behind.ShouldAllBe(static handle => handle.Status == WorkStatus.Cancelled);
        _ran.ShouldBe([-1]);
    }

    [Fact]
    public async Task WorkContext_OfItemsThatAwaitAmongThoseThatDoNot_IsEachItemsOwn()
    {
        await using var rig = await QueueRig.StartSerialAsync();
        var gate = await rig.HoldAsync();
        var handles = new WorkHandle[Behind];
        var own = 0;
        for (var i = 0; i < Behind; i++)
        {
            var number = i;
            handles[i] = await rig.Queue.EnqueueAsync(async (services, ct) =>
            {
                var before = services.GetRequiredService<WorkContext>().Handle;
                if (number % 3 == 0)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, ct);
                }

                own += before == handles[number] && WorkItemContext.Current.Handle == handles[number] ? 1 : 0;
            });
        }

        rig.Queue.AssumeBrisk();
        gate.Open();
        await Task.WhenAll(handles.Select(static handle => handle.Completion)).Guard();

        own.ShouldBe(Behind);
    }

    private WorkHandle? Acting { get; set; }

    private readonly TaskCompletionSource _allQueued = Signals.New();

    // Holds the queue, enqueues one item that arms the watch, one that acts with others claimed behind it, and those; and waits for all of them.
    private async Task RunAsync(QueueRig rig, Action<CancellationToken> act, Action<CancellationToken>? actBehind = null)
    {
        var gate = await rig.HoldAsync();
        var claims = 0;
        await rig.Queue.EnqueueAsync(static ct => ValueTask.CompletedTask);
        Acting = await rig.Queue.EnqueueAsync(ct =>
        {
            claims = rig.Queue.ClaimCount;
            rig.Queue.ReleasePace();
            _ran.Add(-1);
            act(ct);
            return ValueTask.CompletedTask;
        });
        for (var i = 0; i < Behind; i++)
        {
            var number = i;
            _behind[i] = await rig.Queue.EnqueueAsync(ct =>
            {
                _ran.Add(number);
                actBehind?.Invoke(ct);
                return ValueTask.CompletedTask;
            });
        }

        _allQueued.SetResult();
        rig.Queue.AssumeBrisk(hold: true);
        gate.Open();
        foreach (var handle in _behind.Prepend(Acting))
        {
            await handle.Completion.ContinueWith(static _ => { }, TaskScheduler.Default).Guard();
        }

        claims.ShouldBeGreaterThan(4, "the test is about claimed items");
    }
}
