using System.Runtime.CompilerServices;
using Runtime.Core.Timing;
using static Runtime.Core.Tests.Timing.RuntimeTimers;

namespace Runtime.Core.Tests.Timing;

public sealed class TimerServiceTests
{
    [Fact]
    public async Task Thread_WithoutTimers_SleepsUntilThereIsOne()
    {
        using var timers = new RuntimeTimers();
        await UntilAsync(() => timers.Service.IsIdle);

        await Task.Delay(Short, timers.Provider).WaitAsync(HangGuard);

        await UntilAsync(() => timers.Service.IsIdle);
        using var unarmed = timers.Provider.CreateTimer(static _ => { }, null, Never, Short);
        timers.Service.IsIdle.ShouldBeTrue();
    }

    [Fact]
    public async Task Insert_EarlierThanTheFirst_WakesTheThread()
    {
        using var timers = new RuntimeTimers();
        using var late = timers.Provider.CreateTimer(static _ => { }, null, Long, Never);
        for (var i = 0; i < 100; i++)
        {
            await UntilAsync(() => timers.Service.IsAsleep);

            await Task.Delay(Short, timers.Provider).WaitAsync(HangGuard);
        }
    }

    [Fact]
    public void Shards_OfBackgroundThreadsAndOfOthers_AreNeverTheSame()
    {
        var isBackground = false;
        var service = new TimerService(Short, "test-timers", new Sink(ToThreadPool, () => isBackground));
        var shards = new[] { new HashSet<TimerShard>(), [] };
        for (var i = 0; i < 1_000; i++)
        {
            isBackground = i % 2 == 1;
            shards[i % 2].Add(service.ShardForCaller());
        }

        shards[0].Intersect(shards[1]).ShouldBeEmpty();
    }

    [Fact]
    public async Task Thread_HasTheNameAndIsABackgroundThread()
    {
        var thread = new TaskCompletionSource<Thread>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var timers = new RuntimeTimers(_ => thread.TrySetResult(Thread.CurrentThread));
        using var timer = timers.Provider.CreateTimer(static _ => { }, null, Short, Never);

        var found = await thread.Task.WaitAsync(HangGuard);

        found.Name.ShouldBe("test-timers");
        found.IsBackground.ShouldBeTrue();
        timers.Service.Stop();
        found.Join(TimeSpan.Zero).ShouldBeTrue("Stop returned before the thread had ended");
    }

    [Fact]
    public void StartAndStop_InEveryOrder_AreSafe()
    {
        var never = new RuntimeTimers(start: false).Service;
        never.Stop().ShouldBe(0);
        never.Start();
        never.IsRunning.ShouldBeFalse();
        never.Stop();

        var twice = new RuntimeTimers(start: false).Service;
        twice.Start();
        twice.Start();
        twice.IsRunning.ShouldBeTrue();
        twice.Stop();
        twice.Stop();
        twice.Start();
        twice.IsRunning.ShouldBeFalse();
    }

    [Fact]
    public async Task StartAndStop_AtOnce_EndStopped()
    {
        for (var round = 0; round < 100; round++)
        {
            var service = new RuntimeTimers(start: false).Service;
            using var start = new Barrier(4);
            var calls = Enumerable.Range(0, 4).Select(i => Task.Factory.StartNew(
                () =>
                {
                    start.SignalAndWait();
                    (i % 2 == 0 ? service.Start : (Action)(() => service.Stop()))();
                },
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default));

            await Task.WhenAll(calls).WaitAsync(HangGuard);

            service.IsRunning.ShouldBeFalse();
        }
    }

    [Fact]
    public async Task Stop_WithPendingTimers_MovesThemToTheSystem()
    {
        var sunk = 0;
        var timers = new RuntimeTimers(_ => Interlocked.Increment(ref sunk));
        var local = new AsyncLocal<string> { Value = "creation" };
        var seen = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var ticks = new SemaphoreSlim(0);
        var dueTime = TimeSpan.FromSeconds(1);
        using var once = timers.Provider.CreateTimer(_ => seen.SetResult(local.Value), null, dueTime, Never);
        using var periodic = timers.Provider.CreateTimer(_ => ticks.Release(), null, dueTime, Short);
        var armedLate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var unarmed = timers.Provider.CreateTimer(_ => armedLate.SetResult(), null, Never, Never);
        using var source = new CancellationTokenSource(Long, timers.Provider);
        var delay = Task.Delay(dueTime, timers.Provider);
        var seenSuppressed = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        using (ExecutionContext.SuppressFlow())
        {
            // Not disposed of: the flow must be restored in the same block. It fires once.
            _ = timers.Provider.CreateTimer(_ => seenSuppressed.SetResult(local.Value), null, dueTime, Never);
        }

        local.Value = "stop";

        timers.Service.Stop().ShouldBe(5);

        timers.Service.Snapshot().Active.ShouldBe(0);
        (await seen.Task.WaitAsync(HangGuard)).ShouldBe("creation");
        (await seenSuppressed.Task.WaitAsync(HangGuard)).ShouldBeNull();
        await delay.WaitAsync(HangGuard);
        for (var i = 0; i < 3; i++)
        {
            (await ticks.WaitAsync(HangGuard)).ShouldBeTrue();
        }

        await periodic.DisposeAsync();
        periodic.Change(Short, Short).ShouldBeFalse();
        unarmed.Change(Short, Never).ShouldBeTrue();
        await armedLate.Task.WaitAsync(HangGuard);
        source.CancelAfter(Short);
        await UntilAsync(() => source.IsCancellationRequested);
        sunk.ShouldBe(0, "the sink was used after the stop");
    }

    [Fact]
    public async Task Dispose_OfAMovedTimer_LetsGoOfIt()
    {
        var timer = CreateMoveAndDispose();

        await UntilAsync(() =>
        {
            GC.Collect();
            return !timer.IsAlive;
        });
    }

    [Fact]
    public async Task Snapshot_AccountsForEveryArming()
    {
        using var timers = new RuntimeTimers();
        var once = timers.Provider.CreateTimer(static _ => { }, null, Long, Never);
        timers.Service.Snapshot().ShouldSatisfyAllConditions(s => s.Active.ShouldBe(1), s => s.Fired.ShouldBe(0), s => s.Cancelled.ShouldBe(0));

        once.Change(Long, Long);
        timers.Service.Snapshot().ShouldSatisfyAllConditions(s => s.Active.ShouldBe(1), s => s.Fired.ShouldBe(0), s => s.Cancelled.ShouldBe(1));

        once.Dispose();
        once.Dispose();
        timers.Service.Snapshot().ShouldSatisfyAllConditions(s => s.Active.ShouldBe(0), s => s.Fired.ShouldBe(0), s => s.Cancelled.ShouldBe(2));

        using var atOnce = timers.Provider.CreateTimer(static _ => { }, null, TimeSpan.Zero, Never);
        await Task.Delay(Short, timers.Provider).WaitAsync(HangGuard);

        var last = timers.Service.Snapshot();
        last.Active.ShouldBe(0);
        last.Fired.ShouldBe(2);
        last.Overdue.ShouldBe(TimeSpan.Zero);
        last.Lateness.Count.ShouldBe(2);
        last.Lateness.Sum.ShouldBeGreaterThan(TimeSpan.Zero);
    }

    [Fact]
    public async Task Snapshot_WhenTheThreadIsStuck_SaysHowLongTheFirstTimerIsOverdue()
    {
        using var stuck = new ManualResetEventSlim();
        using var entered = new SemaphoreSlim(0);
        using var timers = new RuntimeTimers(_ =>
        {
            entered.Release();
            stuck.Wait(HangGuard);
        });
        using var first = timers.Provider.CreateTimer(static _ => { }, null, Short, Never);
        (await entered.WaitAsync(HangGuard)).ShouldBeTrue();
        using var later = timers.Provider.CreateTimer(static _ => { }, null, Long, Never);
        timers.Service.Snapshot().Overdue.ShouldBe(TimeSpan.Zero);

        using var overdue = timers.Provider.CreateTimer(static _ => { }, null, Short, Never);
        await UntilAsync(() => timers.Service.Snapshot().Overdue > TimeSpan.FromMilliseconds(20));

        stuck.Set();
        await UntilAsync(() => timers.Service.Snapshot() is { Overdue.Ticks: 0, Active: 1 });
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void Constructor_WithoutAResolution_Throws(int milliseconds)
    {
        Should.Throw<ArgumentOutOfRangeException>(() => new TimerService(TimeSpan.FromMilliseconds(milliseconds), "test-timers", new Sink(static _ => { })))
            .ParamName.ShouldBe("resolution");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference CreateMoveAndDispose()
    {
        using var timers = new RuntimeTimers();
        using var timer = timers.Provider.CreateTimer(static _ => { }, null, Long, Never);
        timers.Service.Stop().ShouldBe(1);
        return new WeakReference(timer);
    }
}
