using Runtime.Core.Execution;

namespace Runtime.Core.Tests;

/// <summary>How delays end, and what they refuse.</summary>
public sealed class AsyncRuntimeDelayTests : IAsyncLifetime
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan Long = TimeSpan.FromHours(1);

    private readonly AsyncRuntime _runtime = new(new AsyncRuntimeOptions { MaxReserveThreads = 0, WorkerThreads = 2, MaxWorkerThreads = 8 });

    public Task InitializeAsync() => _runtime.StartAsync();

    public async Task DisposeAsync() => await _runtime.DisposeAsync();

    [Theory]
    [InlineData(0.3)]
    [InlineData(1)]
    [InlineData(7.5)]
    public async Task Delay_OnAWorker_IsNeverEarlyAndResumesOnAWorker(double milliseconds)
    {
        var delay = TimeSpan.FromMilliseconds(milliseconds);
        for (var i = 0; i < 20; i++)
        {
            await _runtime.Spawn(async ct =>
            {
                var began = TimeProvider.System.GetTimestamp();
                await _runtime.Delay(delay, ct);
                TimeProvider.System.GetElapsedTime(began).ShouldBeGreaterThanOrEqualTo(delay);
                AsyncRuntime.Current.ShouldBe(_runtime);
            }).Guarded();
        }
    }

    [Fact]
    public async Task Delay_CancelledWhileItWaits_ThrowsWithTheToken()
    {
        using var source = new CancellationTokenSource();
        var delay = _runtime.Delay(Long, source.Token).AsTask();

        await source.CancelAsync();

        (await Should.ThrowAsync<TaskCanceledException>(delay.Guarded())).CancellationToken.ShouldBe(source.Token);
        delay.IsCanceled.ShouldBeTrue();
        _runtime.Snapshot().Timers.Active.ShouldBe(0); // it does not stay in the wheel for an hour
    }

    [Fact]
    public async Task TryDelay_SaysWhetherTheTimeHasPassed()
    {
        using var source = new CancellationTokenSource();
        var elapsed = _runtime.TryDelay(Short, source.Token).AsTask();
        var cancelled = _runtime.TryDelay(Long, source.Token).AsTask();
        var endless = _runtime.TryDelay(Timeout.InfiniteTimeSpan, source.Token).AsTask();

        (await elapsed.Guarded()).ShouldBeTrue();
        (await _runtime.TryDelay(TimeSpan.Zero, source.Token)).ShouldBeTrue();
        await source.CancelAsync();

        (await cancelled.Guarded()).ShouldBeFalse();
        (await endless.Guarded()).ShouldBeFalse();
        (await _runtime.TryDelay(Short, source.Token)).ShouldBeFalse();
        _runtime.Snapshot().Timers.Active.ShouldBe(0);
        Should.Throw<ArgumentOutOfRangeException>(() => _ = _runtime.TryDelay(TimeSpan.FromSeconds(-1), source.Token)).ParamName.ShouldBe("delay");
    }

    [Fact]
    public async Task Delay_WithSlack_IsNeverEarly()
    {
        for (var i = 0; i < 20; i++)
        {
            var began = TimeProvider.System.GetTimestamp();
            await _runtime.Delay(Short, TimeSpan.FromMilliseconds(10)).AsTask().Guarded();
            TimeProvider.System.GetElapsedTime(began).ShouldBeGreaterThanOrEqualTo(Short);
        }

        Should.Throw<ArgumentOutOfRangeException>(() => _ = _runtime.Delay(Short, TimeSpan.FromTicks(-1))).ParamName.ShouldBe("slack");
    }

    [Fact]
    public async Task Slack_OfTheOptions_IsThatOfTimersArmedUnderThem()
    {
        // The roundest tick of the first minute, 32,768, is half a minute away; so is the one of a timer with a slack of its own.
        await using var runtime = new AsyncRuntime(new AsyncRuntimeOptions { WorkerThreads = 1, Timers = { Slack = TimeSpan.FromMinutes(1) } });
        await runtime.StartAsync();
        var relaxed = runtime.Delay(Short).AsTask();

        runtime.Reconfigure(new AsyncRuntimeOptions { WorkerThreads = 1 });
        var exact = runtime.Delay(Short).AsTask();
        var own = runtime.Delay(Short, TimeSpan.FromMinutes(1)).AsTask();
        var ofTheClock = Task.Delay(Short, runtime.TimeProviderWithSlack(TimeSpan.FromMinutes(1)));
        await exact.Guarded();
        await runtime.Delay(Short).AsTask().Guarded();

        (relaxed.IsCompleted, own.IsCompleted, ofTheClock.IsCompleted).ShouldBe((false, false, false));
    }

    [Fact]
    public async Task Delay_CancelledBefore_IsCancelledAtOnceAndArmsNothing()
    {
        var token = new CancellationToken(canceled: true);

        var delay = _runtime.Delay(Long, token);

        delay.IsCanceled.ShouldBeTrue();
        (await Should.ThrowAsync<OperationCanceledException>(delay.AsTask())).CancellationToken.ShouldBe(token);
        _runtime.Snapshot().Timers.Active.ShouldBe(0);
    }

    [Fact]
    public async Task Delay_CancelledAfterItsEnd_HasElapsed()
    {
        using var source = new CancellationTokenSource();
        var delay = _runtime.Delay(Short, source.Token);
        SpinWait.SpinUntil(() => delay.IsCompleted, Waiting.HangGuard).ShouldBeTrue();

        await source.CancelAsync();

        await delay;
    }

    [Fact]
    public async Task Delay_CancelledFromAWorkerThatAwaits_RunsNothingInsideCancel()
    {
        using var source = new CancellationTokenSource();
        var isCancelling = new ThreadLocal<bool>();
        var waits = Waiting.NewSignal();
        var ended = _runtime.Spawn(async ct =>
        {
            var delay = _runtime.Delay(Long, source.Token);
            waits.SetResult();
            await Should.ThrowAsync<OperationCanceledException>(async () => await delay);
            return isCancelling.Value;
        });
        await waits.Task.Guarded();

        isCancelling.Value = true;
        source.Cancel();
        isCancelling.Value = false;

        (await ended.Guarded()).ShouldBeFalse();
    }

    [Fact]
    public async Task Delay_Infinite_EndsByCancellation()
    {
        using var source = new CancellationTokenSource();
        var delay = _runtime.Delay(Timeout.InfiniteTimeSpan, source.Token).AsTask();
        _runtime.Snapshot().Timers.Active.ShouldBe(0);
        delay.IsCompleted.ShouldBeFalse();

        await source.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(delay.Guarded());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-0.5)]
    public void Delay_OfZero_IsCompleteAtOnce(double milliseconds) => _runtime.Delay(TimeSpan.FromMilliseconds(milliseconds)).IsCompletedSuccessfully.ShouldBeTrue();

    [Theory]
    [InlineData(-2, "-00:00:00.0020000")]
    [InlineData(4_294_967_295, "49.17:02:47.2950000")]
    public void Delay_OutOfRange_SaysValueRuleAndRemedy(double milliseconds, string value) =>
        Should.Throw<ArgumentOutOfRangeException>(() => { _ = _runtime.Delay(TimeSpan.FromMilliseconds(milliseconds)); }).Message.ShouldBe(
            "A delay must be from zero to 4,294,967,294 ms (about 49.7 days), or Timeout.InfiniteTimeSpan; wait for longer in several steps. (Parameter 'delay')"
            + $"{Environment.NewLine}Actual value was {value}.");

    [Fact]
    public async Task Delay_Longest_IsTaken()
    {
        using var source = new CancellationTokenSource();
        var delay = _runtime.Delay(TimeSpan.FromMilliseconds(4_294_967_294), source.Token).AsTask();
        _runtime.Snapshot().Timers.Active.ShouldBe(1);

        await source.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(delay.Guarded());
    }

    [Fact]
    public async Task Delay_AwaitedTwice_SecondAwaitSaysWhy()
    {
        var delay = _runtime.Delay(Short);
        await delay;

        (await Should.ThrowAsync<InvalidOperationException>(async () => await delay)).Message.ShouldBe(
            "This ValueTask has been awaited already. It can be awaited once, because what is behind it then serves another call; "
            + "call AsTask() and await the task if you need the outcome more than once.");
    }

    [Fact]
    public async Task Delay_AwaitedWhileItIsAwaited_SecondAwaitSaysWhyAndTheFirstGoesOn()
    {
        using var source = new CancellationTokenSource();
        var delay = _runtime.Delay(Long, source.Token);
        var first = delay.AsTask();

        (await Should.ThrowAsync<InvalidOperationException>(async () => await delay)).Message.ShouldStartWith("This ValueTask has been awaited already.");

        await source.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(first.Guarded());
    }

    [Fact]
    public async Task Delay_ResultAskedForBeforeItsEnd_SaysWhatToDo()
    {
        using var source = new CancellationTokenSource();
        var delay = _runtime.Delay(Long, source.Token);

        Should.Throw<InvalidOperationException>(() => delay.GetAwaiter().GetResult()).Message.ShouldBe(
            "This ValueTask has not completed, so it has no result to give. Await it, or call AsTask() and wait for the task.");

        await source.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(delay.AsTask());
    }

    [Fact]
    public async Task Delay_PendingWhenTheRuntimeStops_ElapsesAllTheSame()
    {
        var began = TimeProvider.System.GetTimestamp();
        var length = TimeSpan.FromMilliseconds(100);
        var delay = _runtime.Delay(length).AsTask();
        using var source = new CancellationTokenSource();
        var cancelled = _runtime.Delay(Long, source.Token).AsTask();

        await _runtime.StopAsync().Guarded();

        await delay.Guarded();
        TimeProvider.System.GetElapsedTime(began).ShouldBeGreaterThanOrEqualTo(length);
        await source.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(cancelled.Guarded());
    }

    [Fact]
    public async Task Delay_OfAbandonedWork_EndsOnTheThreadPoolAfterTheStop()
    {
        var runtime = new AsyncRuntime(new AsyncRuntimeOptions
        {
            WorkerThreads = 1,
            Shutdown = new ShutdownOptions { DrainTimeout = TimeSpan.Zero, CancelTimeout = TimeSpan.Zero },
        });
        await runtime.StartAsync();
        var waits = Waiting.NewSignal();
        var work = runtime.Spawn(async ct =>
        {
            var delay = runtime.Delay(TimeSpan.FromMilliseconds(300));
            waits.SetResult();
            await delay;
            return Thread.CurrentThread.IsThreadPoolThread;
        });
        await waits.Task.Guarded();

        (await runtime.StopAsync().Guarded()).Abandoned.ShouldBe(1);

        (await work.Guarded()).ShouldBeTrue();
    }

    [Fact]
    public async Task Delay_BeforeTheStartAndAfterTheStop_ElapsesAndCanBeCancelled()
    {
        await using var runtime = new AsyncRuntime();
        await Both(runtime);
        await runtime.StartAsync();
        await runtime.StopAsync().Guarded();
        await Both(runtime);

        static async Task Both(AsyncRuntime runtime)
        {
            var began = TimeProvider.System.GetTimestamp();
            await runtime.Delay(Short).AsTask().Guarded();
            TimeProvider.System.GetElapsedTime(began).ShouldBeGreaterThanOrEqualTo(Short);

            using var source = new CancellationTokenSource();
            var delay = runtime.Delay(Long, source.Token).AsTask();
            await source.CancelAsync();
            await Should.ThrowAsync<OperationCanceledException>(delay.Guarded());
        }
    }

    [Fact]
    public async Task Delay_WhileManyWaitAndTheRuntimeStops_EachEnds()
    {
        var delays = Enumerable.Range(0, 2000).Select(i => _runtime.Delay(TimeSpan.FromMilliseconds(1 + (i % 40))).AsTask()).ToArray();

        await _runtime.StopAsync().Guarded();

        await Task.WhenAll(delays).Guarded();
    }

    [Fact]
    public async Task Delay_Awaited_LeavesNothingOfItsAwaiterBehind()
    {
        var kept = await WaitAsync(_runtime);

        // What the last frames left on a worker's stack goes with the next items.
        SpinWait.SpinUntil(
            () =>
            {
                _runtime.Spawn(static async ct => { await AsyncRuntime.Yield(); }).GetAwaiter().GetResult();
                GC.Collect();
                return !kept.TryGetTarget(out _);
            },
            Waiting.HangGuard).ShouldBeTrue();

        static async Task<WeakReference<object>> WaitAsync(AsyncRuntime runtime)
        {
            var held = new object();
            await runtime.Spawn(async ct =>
            {
                await runtime.Delay(Short, ct);
                GC.KeepAlive(held);
            }).Guarded();
            return new WeakReference<object>(held);
        }
    }

    [Fact]
    public async Task Delay_OfWorkWithADeadline_GoesOnUnderTheContextOfTheWork()
    {
        await _runtime.Spawn(
            async ct =>
            {
                var context = SynchronizationContext.Current.ShouldBeOfType<RuntimeSynchronizationContext>();
                context.DeadlineTicks.ShouldNotBe(long.MaxValue);
                await _runtime.Delay(Short, ct);
                SynchronizationContext.Current.ShouldBeSameAs(context);
                await _runtime.Delay(Short, ct).ConfigureAwait(false);
                SynchronizationContext.Current.ShouldBeSameAs(context);
            },
            new SpawnOptions { Priority = TaskPriority.Low, Deadline = TimeSpan.FromMinutes(1) }).Guarded();
    }
}
