using Runtime.Core.Execution;
using Runtime.Core.Lifecycle;

namespace Runtime.Core.Tests;

/// <summary>Work that is awaited without a task: the same rules as for spawned work.</summary>
public sealed class AsyncRuntimeRunTests : IAsyncLifetime
{
    private readonly AsyncRuntime _runtime = new(new AsyncRuntimeOptions { MaxReserveThreads = 0, WorkerThreads = 2, MaxWorkerThreads = 8 });

    public Task InitializeAsync() => _runtime.StartAsync();

    public async Task DisposeAsync() => await _runtime.DisposeAsync();

    [Fact]
    public async Task RunAsync_EveryForm_RunsOnAWorkerAndGivesItsResult()
    {
        var ran = 0;
        await _runtime.RunAsync(async ct => Check()).AsTask().Guarded();
        (await _runtime.RunAsync(async ct => Check() + 41).AsTask().Guarded()).ShouldBe(43);
        await _runtime.RunAsync(async (add, ct) => Check(add), 10).AsTask().Guarded();
        (await _runtime.RunAsync(async (add, ct) => $"{Check(add)}", 20).AsTask().Guarded()).ShouldBe("32");

        int Check(int add = 1)
        {
            AsyncRuntime.Current.ShouldBe(_runtime);
            return ran += add;
        }
    }

    [Fact]
    public async Task RunAsync_WorkThatSuspends_EndsWithIt()
    {
        for (var i = 0; i < 200; i++)
        {
            var result = await _runtime.RunAsync(
                async (number, ct) =>
                {
                    await AsyncRuntime.Yield();
                    await Task.Run(static () => { }, ct);
                    await _runtime.Delay(TimeSpan.Zero, ct);
                    return number * 2;
                },
                i);
            result.ShouldBe(i * 2);
        }
    }

    [Fact]
    public async Task RunAsync_Nested_EachLevelEnds()
    {
        (await Depth(200).AsTask().Guarded()).ShouldBe(200);

        async ValueTask<int> Depth(int levels) => levels == 0 ? 0 : 1 + await _runtime.RunAsync((n, _) => Depth(n - 1), levels);
    }

    [Fact]
    public async Task RunAsync_WorkThrows_AwaitThrowsTheVeryException()
    {
        var atOnce = new FormatException("at once");
        (await Should.ThrowAsync<FormatException>(_runtime.RunAsync(ct => throw atOnce).AsTask())).ShouldBeSameAs(atOnce);

        var later = new FormatException("later");
        (await Should.ThrowAsync<FormatException>(_runtime.RunAsync<int>(async ct =>
        {
            await AsyncRuntime.Yield();
            throw later;
        }).AsTask())).ShouldBeSameAs(later);
        _runtime.Snapshot().Failed.ShouldBe(2);
    }

    [Fact]
    public async Task RunAsync_TokenCancelledBeforeItStarts_DelegateIsNeverCalled()
    {
        var token = new CancellationToken(canceled: true);
        var called = false;

        var run = _runtime.RunAsync(
            ct =>
            {
                called = true;
                return ValueTask.CompletedTask;
            },
            options: null,
            token).AsTask();

        await Should.ThrowAsync<OperationCanceledException>(run.Guarded());
        run.IsCanceled.ShouldBeTrue();
        called.ShouldBeFalse();
        _runtime.Snapshot().Cancelled.ShouldBe(1);
    }

    [Fact]
    public async Task RunAsync_TokenCancelledWhileItRuns_IsCancelled()
    {
        using var source = new CancellationTokenSource();
        var started = Waiting.NewSignal();
        var run = _runtime.RunAsync(
            async ct =>
            {
                started.SetResult();
                await _runtime.Delay(Timeout.InfiniteTimeSpan, ct);
                return 1;
            },
            options: null,
            source.Token).AsTask();
        await started.Task.Guarded();

        await source.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(run.Guarded());
        run.IsCanceled.ShouldBeTrue();
        _runtime.Snapshot().Cancelled.ShouldBe(1);
    }

    [Fact]
    public async Task RunAsync_StoppingAsItsToken_IsTheTokenOfTheWork()
    {
        await _runtime.RunAsync(
            async ct => ct.ShouldBe(_runtime.Stopping),
            options: null,
            _runtime.Stopping).AsTask().Guarded();
    }

    [Fact]
    public async Task RunAsync_PriorityAndDeadline_AreThoseOfTheWorkAndItsContinuations()
    {
        var options = new SpawnOptions { Priority = TaskPriority.Background, Deadline = TimeSpan.FromMinutes(1) };
        await _runtime.Spawn(async ct =>
        {
            var outer = SynchronizationContext.Current;
            await _runtime.RunAsync(
                async ct =>
                {
                    Check();
                    await _runtime.Delay(TimeSpan.FromMilliseconds(1), ct);
                    Check();
                    await AsyncRuntime.Yield();
                    Check();
                },
                options);
            SynchronizationContext.Current.ShouldBeSameAs(outer);
        }).Guarded();

        static void Check()
        {
            var context = SynchronizationContext.Current.ShouldBeOfType<RuntimeSynchronizationContext>();
            context.Priority.ShouldBe(TaskPriority.Background);
            context.DeadlineTicks.ShouldNotBe(long.MaxValue);
        }
    }

    [Fact]
    public void RunAsync_BadArguments_AreRefusedAndNotCounted()
    {
        Should.Throw<ArgumentNullException>(() => { _ = _runtime.RunAsync((Func<CancellationToken, ValueTask>)null!); });
        Should.Throw<ArgumentOutOfRangeException>(() =>
        {
            _ = _runtime.RunAsync(static ct => ValueTask.CompletedTask, new SpawnOptions { Priority = (TaskPriority)9 });
        });
        _runtime.Snapshot().Accepted.ShouldBe(0);
    }

    [Fact]
    public async Task RunAsync_OnTheOnlyWorker_RunsNothingInsideTheCall()
    {
        await using var runtime = new AsyncRuntime(new AsyncRuntimeOptions { MaxReserveThreads = 0, WorkerThreads = 1, MaxWorkerThreads = 1 });
        await runtime.StartAsync();
        await runtime.Spawn(async ct =>
        {
            var ran = false;
            var run = runtime.RunAsync(ct =>
            {
                ran = true;
                return ValueTask.CompletedTask;
            });
            ran.ShouldBeFalse();
            await run;
            ran.ShouldBeTrue();
        }).Guarded();
    }

    [Fact]
    public async Task RunAsync_NotAwaited_RunsAndBreaksNothing()
    {
        var left = 1000;
        var done = Waiting.NewSignal();
        for (var i = 0; i < 1000; i++)
        {
            _ = _runtime.RunAsync(ct =>
            {
                if (Interlocked.Decrement(ref left) == 0)
                {
                    done.SetResult();
                }

                return left % 2 == 0 ? ValueTask.CompletedTask : throw new FormatException();
            });
        }

        await done.Task.Guarded();
        (await _runtime.RunAsync(async ct => 42)).ShouldBe(42);
        SpinWait.SpinUntil(() => _runtime.Snapshot() is var s && s.Accepted == s.Finished, Waiting.HangGuard).ShouldBeTrue();
    }

    [Fact]
    public async Task RunAsync_AwaitedTwice_SecondAwaitSaysWhy()
    {
        var run = _runtime.RunAsync(async ct => 1);
        (await run).ShouldBe(1);

        (await Should.ThrowAsync<InvalidOperationException>(async () => await run)).Message.ShouldStartWith("This ValueTask has been awaited already.");
    }

    [Fact]
    public async Task RunAsync_Awaited_IsCountedBeforeItsAwaiterGoesOn()
    {
        for (var i = 1; i <= 500; i++)
        {
            await _runtime.RunAsync(static ct => ValueTask.CompletedTask);
            _runtime.Snapshot().Finished.ShouldBe(i);
        }
    }

    [Fact]
    public async Task RunAsync_HoldsNeitherStateNorResult_OnceAwaited()
    {
        var kept = await RunAsync(_runtime);

        SpinWait.SpinUntil(
            () =>
            {
                GC.Collect();
                return !kept.TryGetTarget(out _);
            },
            Waiting.HangGuard).ShouldBeTrue();

        static async Task<WeakReference<object>> RunAsync(AsyncRuntime runtime)
        {
            var held = await runtime.RunAsync(static (state, _) => ValueTask.FromResult(state), new object());
            return new WeakReference<object>(held);
        }
    }

    [Fact]
    public async Task RunAsync_BeforeTheStartAndAfterTheStop_IsRefused()
    {
        await using var runtime = new AsyncRuntime();
        Should.Throw<RuntimeNotRunningException>(() => { _ = runtime.RunAsync(static ct => ValueTask.CompletedTask); });
        await runtime.StartAsync();
        await runtime.StopAsync().Guarded();
        Should.Throw<RuntimeNotRunningException>(() => { _ = runtime.RunAsync(static ct => ValueTask.CompletedTask); });
        runtime.Snapshot().Accepted.ShouldBe(0);
    }

    [Fact]
    public async Task RunAsync_ByDrainingWork_IsAcceptedAndWaitedFor()
    {
        var gate = Waiting.NewSignal();
        var work = _runtime.Spawn(async ct =>
        {
            await gate.Task;
            return await _runtime.RunAsync(async ct =>
            {
                await AsyncRuntime.Yield();
                return 42;
            });
        });

        var stop = _runtime.StopAsync();
        SpinWait.SpinUntil(() => _runtime.State == RuntimeState.ShuttingDown, Waiting.HangGuard).ShouldBeTrue();
        gate.SetResult();

        var report = await stop.Guarded();
        (await work.Guarded()).ShouldBe(42);
        (report.Completed, report.Cancelled, report.Abandoned).ShouldBe((1, 0, 0)); // what came later is not part of the report
        var snapshot = _runtime.Snapshot();
        (snapshot.Accepted, snapshot.Finished).ShouldBe((2, 2));
    }

    [Fact]
    public async Task RunAsync_QueuedWhenTheDrainIsOver_IsCancelledAndItsAwaiterGoesOn()
    {
        var runtime = new AsyncRuntime(new AsyncRuntimeOptions
        {
            MaxReserveThreads = 0,
            WorkerThreads = 1,
            Shutdown = new ShutdownOptions { DrainTimeout = TimeSpan.Zero, CancelTimeout = TimeSpan.Zero },
        });
        await runtime.StartAsync();
        using var gate = new ManualResetEventSlim();
        var blocked = Waiting.NewSignal();
        runtime.Post(() =>
        {
            blocked.SetResult();
            gate.Wait();
        });
        await blocked.Task.Guarded();
        var ran = false;
        var queued = runtime.RunAsync(async ct => ran = true).AsTask();

        var report = await runtime.StopAsync().Guarded();

        await Should.ThrowAsync<OperationCanceledException>(queued.Guarded());
        (report.Completed, report.Cancelled, report.Abandoned).ShouldBe((0, 1, 1));
        ran.ShouldBeFalse();
        gate.Set();
    }

    [Fact]
    public async Task RunAsync_WorkObeysItsTokenAtTheStop_IsCancelled()
    {
        var runtime = new AsyncRuntime(new AsyncRuntimeOptions { Shutdown = new ShutdownOptions { DrainTimeout = TimeSpan.Zero } });
        await runtime.StartAsync();
        var started = Waiting.NewSignal();
        var run = runtime.RunAsync(async ct =>
        {
            started.SetResult();
            await runtime.Delay(Timeout.InfiniteTimeSpan, ct);
        }).AsTask();
        await started.Task.Guarded();

        var report = await runtime.StopAsync().Guarded();

        await Should.ThrowAsync<OperationCanceledException>(run.Guarded());
        (report.Completed, report.Cancelled, report.Abandoned).ShouldBe((0, 1, 0));
    }
}
