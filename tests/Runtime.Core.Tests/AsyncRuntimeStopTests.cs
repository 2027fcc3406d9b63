using System.Collections.Concurrent;
using Runtime.Core.Lifecycle;

namespace Runtime.Core.Tests;

public sealed class AsyncRuntimeStopTests
{
    private static AsyncRuntimeOptions Options(TimeSpan drain, TimeSpan? cancel = null, int workers = 2) => new()
    {
        MaxReserveThreads = 0,
        WorkerThreads = workers,
        MaxWorkerThreads = 8,
        Shutdown = new ShutdownOptions { DrainTimeout = drain, CancelTimeout = cancel ?? TimeSpan.FromSeconds(10) },
    };

    [Fact]
    public async Task StopAsync_WorkEndsDuringTheDrain_IsCompleted()
    {
        var runtime = await StartedAsync(Options(Waiting.HangGuard));
        var gate = Waiting.NewSignal();
        var tasks = Enumerable.Range(0, 10).Select(_ => runtime.Spawn(async ct => await gate.Task)).ToArray();

        var stop = runtime.StopAsync();
        SpinWait.SpinUntil(() => runtime.State == RuntimeState.ShuttingDown, Waiting.HangGuard).ShouldBeTrue();
        gate.SetResult();
        var report = await stop.Guarded();

        await Task.WhenAll(tasks).Guarded();
        (report.Completed, report.Cancelled, report.Abandoned, report.Live).ShouldBe((10, 0, 0, 10));
        runtime.State.ShouldBe(RuntimeState.Terminated);
    }

    [Fact]
    public async Task Reconfigure_DuringTheDrain_LeavesItTheWorkersItNeeds()
    {
        var runtime = await StartedAsync(Options(Waiting.HangGuard));
        var gate = Waiting.NewSignal();
        var task = runtime.Spawn(async _ => await gate.Task);
        var stop = runtime.StopAsync();
        SpinWait.SpinUntil(() => runtime.State == RuntimeState.ShuttingDown, Waiting.HangGuard).ShouldBeTrue();

        runtime.Reconfigure(Options(TimeSpan.FromHours(1), workers: 3));
        runtime.WorkerCount.ShouldBe(3);
        gate.SetResult();

        (await stop.Guarded()).Completed.ShouldBe(1);
        await task.Guarded();
    }

    [Fact]
    public async Task StopAsync_WorkObeysItsToken_IsCancelledAfterTheDrain()
    {
        var runtime = await StartedAsync(Options(TimeSpan.Zero));
        var started = new CountdownEvent(5);
        var tasks = Enumerable.Range(0, 5).Select(_ => runtime.Spawn(async ct =>
        {
            started.Signal();
            await Task.Delay(Timeout.InfiniteTimeSpan, runtime.TimeProvider, ct);
        })).ToArray();
        started.Wait(Waiting.HangGuard).ShouldBeTrue();

        var report = await runtime.StopAsync().Guarded();

        (report.Completed, report.Cancelled, report.Abandoned).ShouldBe((0, 5, 0));
        tasks.ShouldAllBe(task => task.IsCanceled);
    }

    [Fact]
    public async Task StopAsync_WorkIgnoresItsToken_IsAbandonedAndItsContinuationStillRuns()
    {
        var runtime = await StartedAsync(Options(TimeSpan.Zero, cancel: TimeSpan.Zero));
        var gate = Waiting.NewSignal();
        var started = Waiting.NewSignal();
        var task = runtime.Spawn(async ct =>
        {
            started.SetResult();
            await gate.Task;
            return (Environment.CurrentManagedThreadId, Thread.CurrentThread.IsThreadPoolThread);
        });
        await started.Task.Guarded();

        var report = await runtime.StopAsync().Guarded();
        (report.Completed, report.Cancelled, report.Abandoned).ShouldBe((0, 0, 1));

        gate.SetResult();
        var (_, onThreadPool) = await task.Guarded();
        onThreadPool.ShouldBeTrue();
    }

    [Fact]
    public async Task StopAsync_WorkerBlockedForEver_QueuedWorkIsCancelledAndTheStopEnds()
    {
        var runtime = await StartedAsync(Options(TimeSpan.Zero, cancel: TimeSpan.Zero, workers: 1));
        using var gate = new ManualResetEventSlim();
        var blocked = Waiting.NewSignal();
        runtime.Post(() =>
        {
            blocked.SetResult();
            gate.Wait();
        });
        await blocked.Task.Guarded();
        var ran = false;
        var queued = runtime.Spawn(async ct => ran = true);
        runtime.Post(() => ran = true);

        var report = await runtime.StopAsync().Guarded();

        await Should.ThrowAsync<OperationCanceledException>(queued.Guarded());
        (report.Completed, report.Cancelled, report.Abandoned).ShouldBe((0, 2, 1));
        ran.ShouldBeFalse();
        gate.Set();
    }

    [Fact]
    public async Task StopAsync_DrainIsOver_QueuedPostsNoLongerStart()
    {
        var runtime = await StartedAsync(Options(TimeSpan.Zero, workers: 1));
        var blocked = Waiting.NewSignal();
        runtime.Post(() =>
        {
            blocked.SetResult();
            runtime.Stopping.WaitHandle.WaitOne(Waiting.HangGuard).ShouldBeTrue();
        });
        await blocked.Task.Guarded();
        var ran = false;
        runtime.Post(() => ran = true);

        var report = await runtime.StopAsync().Guarded();

        (report.Completed, report.Cancelled, report.Abandoned).ShouldBe((1, 1, 0));
        ran.ShouldBeFalse();
    }

    [Fact]
    public async Task StopAsync_BlockedWorkerHasContinuationsInItsOwnQueue_TheyRunAllTheSame()
    {
        var runtime = await StartedAsync(Options(TimeSpan.Zero, cancel: TimeSpan.Zero, workers: 1));
        using var gate = new ManualResetEventSlim();
        var blocked = Waiting.NewSignal();
        var continued = Waiting.NewSignal();
        runtime.Post(() =>
        {
            SynchronizationContext.Current!.Post(_ => continued.SetResult(), state: null); // to the queue of this worker, which does not come back
            blocked.SetResult();
            gate.Wait();
        });
        await blocked.Task.Guarded();

        await runtime.StopAsync().Guarded();

        await continued.Task.Guarded();
        gate.Set();
    }

    [Fact]
    public async Task StopAsync_TokenCancelled_CutsTheDrainShort()
    {
        var runtime = await StartedAsync(Options(TimeSpan.FromDays(1)));
        var started = Waiting.NewSignal();
        _ = runtime.Spawn(async ct =>
        {
            started.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, runtime.TimeProvider, ct);
        });
        await started.Task.Guarded();
        using var cut = new CancellationTokenSource();

        var stop = runtime.StopAsync(cut.Token);
        await cut.CancelAsync();

        (await stop.Guarded()).Cancelled.ShouldBe(1);
    }

    [Fact]
    public async Task StopAsync_DrainingWorkSpawns_ChildrenRunAndTheReportCountsOnlyWhatWasLive()
    {
        var runtime = await StartedAsync(Options(Waiting.HangGuard));
        var gate = Waiting.NewSignal();
        var children = 0;
        var parent = runtime.Spawn(async ct =>
        {
            await gate.Task;
            await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => runtime.Spawn(async inner =>
            {
                await AsyncRuntime.Yield();
                Interlocked.Increment(ref children);
            })));
        });

        var stop = runtime.StopAsync();
        SpinWait.SpinUntil(() => runtime.State == RuntimeState.ShuttingDown, Waiting.HangGuard).ShouldBeTrue();
        Should.Throw<RuntimeNotRunningException>(() => { _ = runtime.Spawn(async ct => { }); }).State.ShouldBe(RuntimeState.ShuttingDown);
        gate.SetResult();
        var report = await stop.Guarded();

        await parent.Guarded();
        children.ShouldBe(20);
        (report.Completed, report.Cancelled, report.Abandoned).ShouldBe((1, 0, 0));
    }

    [Fact]
    public async Task StopAsync_CalledByItsOwnWork_EndsWithoutWaitingForThatWork()
    {
        var runtime = await StartedAsync(Options(TimeSpan.FromDays(1)));

        var report = await runtime.Spawn(async ct => await runtime.StopAsync()).Guarded();

        report.Abandoned.ShouldBe(1);
        runtime.State.ShouldBe(RuntimeState.Terminated);
    }

    [Fact]
    public async Task StopAsync_ManyCallersWhileWorkArrives_AllGetOneReportThatAddsUp()
    {
        for (var round = 0; round < 30; round++)
        {
            var runtime = await StartedAsync(Options(Waiting.HangGuard));
            var accepted = 0L;
            var ended = 0L;
            using var go = new ManualResetEventSlim();

            // Threads of their own, and no more ahead of the workers than this: the ThreadPool stays free for the stop, the backlog short.
            const long mostAhead = 1000;
            var producers = Enumerable.Range(0, 3).Select(producer => Task.Factory.StartNew(
                () =>
                {
                    go.Wait();
                    try
                    {
                        while (true)
                        {
                            SpinWait.SpinUntil(() => Interlocked.Read(ref accepted) - Interlocked.Read(ref ended) < mostAhead);
                            _ = runtime.Spawn(async ct =>
                            {
                                await AsyncRuntime.Yield();
                                Interlocked.Increment(ref ended);
                            });
                            Interlocked.Increment(ref accepted);
                        }
                    }
                    catch (RuntimeNotRunningException)
                    {
                    }
                },
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default)).ToArray();
            go.Set();
            await Task.Yield();

            var reports = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => runtime.StopAsync()))).Guarded();
            await Task.WhenAll(producers).Guarded();

            reports.ShouldAllBe(report => report == reports[0]);
            reports[0].Abandoned.ShouldBe(0);
            reports[0].Cancelled.ShouldBe(0);
            ended.ShouldBe(accepted);
            var snapshot = runtime.Snapshot();
            snapshot.Accepted.ShouldBe(accepted);
            snapshot.Finished.ShouldBe(accepted);
        }
    }

    [Fact]
    public async Task StartAndStop_InEveryOrderFromManyThreads_NeverHangsAndEndsTerminated()
    {
        for (var round = 0; round < 40; round++)
        {
            var runtime = new AsyncRuntime(Options(TimeSpan.FromSeconds(5)));
            var errors = new ConcurrentBag<Exception>();
            await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
            {
                try
                {
                    await (i % 2 == 0 ? runtime.StartAsync() : runtime.StopAsync());
                }
                catch (InvalidStateTransitionException exception)
                {
                    errors.Add(exception); // a start after the stop: refused, and says so
                }
            }))).Guarded();

            await runtime.StopAsync().Guarded();
            runtime.State.ShouldBeOneOf(RuntimeState.Terminated, RuntimeState.Uninitialized);
            if (runtime.State == RuntimeState.Uninitialized)
            {
                await runtime.StartAsync();
                await runtime.StopAsync().Guarded();
            }
        }
    }

    [Fact]
    public async Task StartAsync_AfterTheStop_NamesBothStates()
    {
        var runtime = await StartedAsync(Options(TimeSpan.Zero));
        await runtime.StopAsync().Guarded();

        var error = await Should.ThrowAsync<InvalidStateTransitionException>(() => runtime.StartAsync());

        error.Message.ShouldStartWith("A runtime cannot go from Terminated to Initializing");
    }

    [Fact]
    public async Task StopAsync_NeverStarted_ReportsNothingAndLeavesItStartable()
    {
        var runtime = new AsyncRuntime();

        (await runtime.StopAsync()).Live.ShouldBe(0);

        await runtime.StartAsync();
        runtime.State.ShouldBe(RuntimeState.Running);
        await runtime.StopAsync().Guarded();
    }

    [Fact]
    public async Task StopAsync_RuntimeNobodyHoldsAnyMore_IsCollected()
    {
        var gone = await StartAndStopAsync();

        for (var i = 0; i < 50 && gone.IsAlive; i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System); // its last thread may still be on its way out
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        gone.IsAlive.ShouldBeFalse();

        static async Task<WeakReference> StartAndStopAsync()
        {
            var runtime = await StartedAsync(Options(TimeSpan.Zero));
            await runtime.Spawn(async ct => await AsyncRuntime.Yield());
            await runtime.StopAsync();
            return new WeakReference(runtime);
        }
    }

    [Fact]
    public async Task Dispose_RunningRuntime_StopsIt()
    {
        var runtime = await StartedAsync(Options(Waiting.HangGuard));
        var task = runtime.Spawn(async ct => await AsyncRuntime.Yield());

        runtime.Dispose();

        runtime.State.ShouldBe(RuntimeState.Terminated);
        await task.Guarded();
    }

    [Fact]
    public async Task StopAsync_TimerPending_FiresAllTheSame()
    {
        var runtime = await StartedAsync(Options(TimeSpan.Zero));
        var delay = Task.Delay(TimeSpan.FromMilliseconds(200), runtime.TimeProvider);

        await runtime.StopAsync().Guarded();

        await delay.Guarded();
    }

    private static async Task<AsyncRuntime> StartedAsync(AsyncRuntimeOptions options)
    {
        var runtime = new AsyncRuntime(options);
        await runtime.StartAsync();
        return runtime;
    }
}
