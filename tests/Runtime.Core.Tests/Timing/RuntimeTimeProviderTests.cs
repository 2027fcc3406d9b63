using System.Collections.Concurrent;
using System.Diagnostics;
using static Runtime.Core.Tests.Timing.RuntimeTimers;

namespace Runtime.Core.Tests.Timing;

/// <summary>What the wheel's timers do beyond, or other than, those of the system.</summary>
public sealed class RuntimeTimeProviderTests
{
    [Fact]
    public void Clock_IsTheSystems()
    {
        using var timers = new RuntimeTimers();
        var provider = timers.Provider;

        provider.TimestampFrequency.ShouldBe(TimeProvider.System.TimestampFrequency);
        provider.LocalTimeZone.ShouldBe(TimeProvider.System.LocalTimeZone);

        var before = TimeProvider.System.GetTimestamp();
        var timestamp = provider.GetTimestamp();
        timestamp.ShouldBeInRange(before, TimeProvider.System.GetTimestamp());

        var earliest = TimeProvider.System.GetUtcNow();
        var now = provider.GetUtcNow();
        now.ShouldBeInRange(earliest, TimeProvider.System.GetUtcNow());
    }

    [Theory]
    [InlineData(0.0001)]
    [InlineData(0.3)]
    [InlineData(0.9999)]
    [InlineData(1)]
    [InlineData(1.5)]
    [InlineData(7.77)]
    [InlineData(63.9)]
    [InlineData(64)]
    [InlineData(130.1)]
    public async Task CreateTimer_WithAnyDueTime_NeverFiresEarly(double milliseconds)
    {
        using var timers = new RuntimeTimers();
        var dueTime = TimeSpan.FromMilliseconds(milliseconds);
        for (var i = 0; i < 10; i++)
        {
            var fired = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
            var start = Stopwatch.GetTimestamp();
            using var timer = timers.Provider.CreateTimer(_ => fired.SetResult(Stopwatch.GetTimestamp()), null, dueTime, Never);

            Stopwatch.GetElapsedTime(start, await fired.Task.WaitAsync(HangGuard)).ShouldBeGreaterThanOrEqualTo(dueTime);
        }
    }

    [Fact]
    public async Task Callback_RunsWhereTheSinkPutsItAndNeverOnTheTimerThread()
    {
        using var sunk = new BlockingCollection<WorkItem>();
        using var timers = new RuntimeTimers(sunk.Add);
        var thread = new TaskCompletionSource<Thread>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var wheel = timers.Provider.CreateTimer(_ => thread.SetResult(Thread.CurrentThread), null, Short, Never);

        sunk.TryTake(out var item, HangGuard).ShouldBeTrue();
        thread.Task.IsCompleted.ShouldBeFalse();
        item.Run();

        (await thread.Task).ShouldBe(Thread.CurrentThread);
    }

    [Fact]
    public void Tick_WhileTheLastOneIsStillQueued_IsMergedWithIt()
    {
        using var sunk = new BlockingCollection<WorkItem>();
        using var timers = new RuntimeTimers(sunk.Add);
        var calls = 0;
        using var timer = timers.Provider.CreateTimer(_ => calls++, null, Short, Short);
        SpinWait.SpinUntil(() => timers.Service.Snapshot().Fired >= 5, HangGuard).ShouldBeTrue();

        // Five ticks, one item; and when it has run, the next tick queues again.
        sunk.Count.ShouldBe(1);
        sunk.Take().Run();
        calls.ShouldBe(1);
        sunk.TryTake(out var next, HangGuard).ShouldBeTrue();
        next.Run();
        calls.ShouldBe(2);
    }

    [Fact]
    public void Dispose_WhileTheTickIsQueued_PreventsTheCallback()
    {
        using var sunk = new BlockingCollection<WorkItem>();
        using var timers = new RuntimeTimers(sunk.Add);
        var calls = 0;
        var timer = timers.Provider.CreateTimer(_ => calls++, null, TimeSpan.Zero, Never);
        sunk.TryTake(out var item, HangGuard).ShouldBeTrue();

        timer.Dispose();
        item.Run();

        calls.ShouldBe(0);
    }

    [Fact]
    public async Task Callback_ThatThrows_ThrowsInTheExecutorAndTheTimerGoesOn()
    {
        using var sunk = new BlockingCollection<WorkItem>();
        using var timers = new RuntimeTimers(sunk.Add);
        var timer = timers.Provider.CreateTimer(static _ => throw new InvalidOperationException("from the callback"), null, Short, Short);

        for (var i = 0; i < 3; i++)
        {
            sunk.TryTake(out var item, HangGuard).ShouldBeTrue();
            Should.Throw<InvalidOperationException>(item.Run).Message.ShouldBe("from the callback");
        }

        // A callback that threw is not counted as running for ever.
        await timer.DisposeAsync().AsTask().WaitAsync(HangGuard);
    }

    [Fact]
    public async Task Callback_ThatChangesItsContext_DoesNotLeakItToTheExecutor()
    {
        using var sunk = new BlockingCollection<WorkItem>();
        using var timers = new RuntimeTimers(sunk.Add);
        var local = new AsyncLocal<string> { Value = "creation" };
        using var timer = timers.Provider.CreateTimer(_ => local.Value = "callback", null, TimeSpan.Zero, Never);
        local.Value = "executor";

        sunk.Take().Run();

        local.Value.ShouldBe("executor");
        await timer.DisposeAsync();
    }

    [Fact]
    public async Task CreateTimer_BeforeTheStart_DoesNotUseTheSink()
    {
        using var sunk = new BlockingCollection<WorkItem>();
        using var timers = new RuntimeTimers(sunk.Add, start: false);

        await Task.Delay(Short, timers.Provider).WaitAsync(HangGuard);

        sunk.Count.ShouldBe(0);
        timers.Service.Snapshot().Fired.ShouldBe(0);
    }

    [Fact]
    public async Task CreateTimer_OnARunningService_UsesTheWheel()
    {
        using var timers = new RuntimeTimers();

        await Task.Delay(Short, timers.Provider).WaitAsync(HangGuard);

        timers.Service.Snapshot().Fired.ShouldBe(1);
    }
}
