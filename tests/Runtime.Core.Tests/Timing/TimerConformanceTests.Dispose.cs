using System.Runtime.CompilerServices;
using static Runtime.Core.Tests.Timing.RuntimeTimers;

namespace Runtime.Core.Tests.Timing;

// Disposal, context and lifetime.
public abstract partial class TimerConformanceTests
{
    [Fact]
    public async Task Change_AfterDispose_ReturnsFalse()
    {
        var first = Provider.CreateTimer(static _ => { }, null, Long, Never);
        first.Dispose();
        first.Dispose();
        first.Change(Short, Short).ShouldBeFalse();

        var second = Provider.CreateTimer(static _ => { }, null, Long, Never);
        await second.DisposeAsync();
        await second.DisposeAsync();
        second.Dispose();
        second.Change(Short, Short).ShouldBeFalse();
    }

    [Fact]
    public async Task Dispose_BeforeTheTime_PreventsTheCallback()
    {
        var calls = 0;
        var timer = Provider.CreateTimer(_ => Interlocked.Increment(ref calls), null, TimeSpan.FromMilliseconds(200), Never);

        timer.Dispose();

        await PassTimeAsync(TimeSpan.FromMilliseconds(250));
        calls.ShouldBe(0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task DisposeAsync_WhileACallbackRuns_CompletesWhenItHasEnded(bool disposedBefore)
    {
        using var entered = new SemaphoreSlim(0);
        using var leave = new ManualResetEventSlim();
        var ended = false;
        var timer = Provider.CreateTimer(
            _ =>
            {
                entered.Release();
                leave.Wait(HangGuard);
                Volatile.Write(ref ended, true);
            },
            null,
            TimeSpan.Zero,
            Never);
        (await entered.WaitAsync(HangGuard)).ShouldBeTrue();
        if (disposedBefore)
        {
            timer.Dispose();
        }

        var first = timer.DisposeAsync().AsTask();
        var second = timer.DisposeAsync().AsTask();
        first.IsCompleted.ShouldBeFalse();
        leave.Set();

        await Task.WhenAll(first, second).WaitAsync(HangGuard);
        Volatile.Read(ref ended).ShouldBeTrue();
    }

    [Fact]
    public async Task DisposeAsync_FromWithinTheCallback_CompletesAfterIt()
    {
        var disposal = new TaskCompletionSource<Task>(TaskCreationOptions.RunContinuationsAsynchronously);
        var completedInside = true;
        ITimer? timer = null;
        timer = Provider.CreateTimer(
            _ =>
            {
                var task = timer!.DisposeAsync().AsTask();
                completedInside = task.IsCompleted;
                disposal.TrySetResult(task);
            },
            null,
            Never,
            Never);
        timer.Change(Short, Never);

        await (await disposal.Task.WaitAsync(HangGuard)).WaitAsync(HangGuard);
        completedInside.ShouldBeFalse();
    }

    [Fact]
    public async Task Callback_RunsInTheContextOfTheCreation()
    {
        var local = new AsyncLocal<string> { Value = "creation" };
        var seen = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var timer = Provider.CreateTimer(_ => seen.SetResult(local.Value), null, Never, Never);

        local.Value = "change";
        timer.Change(Short, Never);

        (await seen.Task.WaitAsync(HangGuard)).ShouldBe("creation");
    }

    [Fact]
    public async Task Callback_OfATimerMadeWithSuppressedFlow_RunsInNoContextOfTheCreator()
    {
        var local = new AsyncLocal<string> { Value = "creation" };
        var seen = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        ITimer timer;
        using (ExecutionContext.SuppressFlow())
        {
            timer = Provider.CreateTimer(_ => seen.SetResult(local.Value), null, Short, Never);
        }

        (await seen.Task.WaitAsync(HangGuard)).ShouldBeNull();
        await timer.DisposeAsync();
    }

    [Fact]
    public async Task Callback_OfATimerThatNobodyHolds_IsCalled()
    {
        var called = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        CreateAndForget(called);

        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();

        await called.Task.WaitAsync(HangGuard);
    }

    [Fact]
    public async Task Timer_ThatHasFiredAndIsNotHeld_IsCollected()
    {
        var timer = await CreateFireAndForgetAsync();

        await UntilAsync(() =>
        {
            GC.Collect();
            return !timer.IsAlive;
        });
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void CreateAndForget(TaskCompletionSource called) =>
        _ = Provider.CreateTimer(_ => called.SetResult(), null, TimeSpan.FromMilliseconds(50), Never);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private async Task<WeakReference> CreateFireAndForgetAsync()
    {
        var called = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var timer = Provider.CreateTimer(_ => called.SetResult(), null, Short, Never);
        await called.Task.WaitAsync(HangGuard);
        return new WeakReference(timer);
    }
}
