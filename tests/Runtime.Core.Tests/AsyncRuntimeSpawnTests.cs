using System.Collections.Concurrent;

namespace Runtime.Core.Tests;

public sealed class AsyncRuntimeSpawnTests : IAsyncLifetime
{
    private readonly AsyncRuntime _runtime = new(new AsyncRuntimeOptions { MaxReserveThreads = 0, WorkerThreads = 2, MaxWorkerThreads = 8 });

    public Task InitializeAsync() => _runtime.StartAsync();

    public async Task DisposeAsync() => await _runtime.DisposeAsync();

    [Fact]
    public async Task Spawn_WorkReturnsAValue_TaskGivesIt()
    {
        (await _runtime.Spawn(async ct => 42).Guarded()).ShouldBe(42);
    }

    [Fact]
    public async Task Spawn_WorkThrowsAfterAnAwait_TaskCarriesTheException()
    {
        var task = _runtime.Spawn(async ct =>
        {
            await AsyncRuntime.Yield();
            throw new FormatException("bad");
        });

        (await Should.ThrowAsync<FormatException>(task.Guarded())).Message.ShouldBe("bad");
        _runtime.Snapshot().Failed.ShouldBe(1);
    }

    [Fact]
    public async Task Spawn_DelegateThrowsAtOnce_TaskCarriesTheException()
    {
        var task = _runtime.Spawn(ct => throw new FormatException("bad"));

        await Should.ThrowAsync<FormatException>(task.Guarded());
    }

    [Fact]
    public async Task Spawn_TokenCancelledBeforeItStarts_DelegateIsNeverCalled()
    {
        using var source = new CancellationTokenSource();
        await source.CancelAsync();
        var called = false;

        var task = _runtime.Spawn(
            async ct =>
            {
                called = true;
            },
            options: null,
            source.Token);

        await Should.ThrowAsync<OperationCanceledException>(task.Guarded());
        task.IsCanceled.ShouldBeTrue();
        called.ShouldBeFalse();
        _runtime.Snapshot().Cancelled.ShouldBe(1);
    }

    [Fact]
    public async Task Spawn_TokenCancelledWhileItRuns_TaskIsCancelled()
    {
        using var source = new CancellationTokenSource();
        var started = Waiting.NewSignal();
        var task = _runtime.Spawn(
            async ct =>
            {
                started.SetResult();
                await Task.Delay(Timeout.InfiniteTimeSpan, _runtime.TimeProvider, ct);
            },
            options: null,
            source.Token);
        await started.Task.Guarded();

        await source.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(task.Guarded());
        task.IsCanceled.ShouldBeTrue();
    }

    [Fact]
    public async Task Spawn_ManyAwaitsOnLibraryTasks_UserCodeIsAlwaysOnAWorker()
    {
        var strays = new ConcurrentBag<string>();
        using var semaphore = new SemaphoreSlim(0);

        await _runtime.Spawn(async ct =>
        {
            void Check(string where)
            {
                if (AsyncRuntime.Current != _runtime)
                {
                    strays.Add(where);
                }
            }

            Check("start");
            for (var i = 0; i < 20; i++)
            {
                await Task.Run(() => { }, ct);
                Check("Task.Run");
                await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, ct);
                Check("Task.Delay of the system");
                await Task.Delay(TimeSpan.FromMilliseconds(1), _runtime.TimeProvider, ct);
                Check("Task.Delay of the runtime");
                await AsyncRuntime.Yield();
                Check("Yield");
                await Task.Yield();
                Check("Task.Yield");
                _ = Task.Run(() => semaphore.Release(), ct);
                await semaphore.WaitAsync(ct);
                Check("SemaphoreSlim");
                await Task.WhenAll(Nested(Check), Nested(Check));
                Check("WhenAll");
            }
        }).Guarded();

        strays.ShouldBeEmpty();

        static async Task Nested(Action<string> check)
        {
            await Task.Run(() => { });
            check("nested");
            await Task.Run(() => { }).ConfigureAwait(false); // what libraries do: they may leave, their caller comes home
        }
    }

    [Fact]
    public async Task TaskScheduler_TaskFactory_RunsOnAWorker()
    {
        var factory = new TaskFactory(_runtime.TaskScheduler);

        var inner = await factory.StartNew(() => (AsyncRuntime.Current, TaskScheduler.Current)).Guarded();

        inner.Item1.ShouldBe(_runtime);
        inner.Item2.ShouldBe(_runtime.TaskScheduler);
    }

    [Fact]
    public async Task TaskScheduler_WorkWaitsForATaskOfItsOwn_RunsItInPlace()
    {
        await using var single = new AsyncRuntime(new AsyncRuntimeOptions { MaxReserveThreads = 0, WorkerThreads = 1 });
        await single.StartAsync();
        var factory = new TaskFactory(single.TaskScheduler);

        var result = await single.Spawn(async ct => factory.StartNew(() => 5, ct).Result).Guarded();

        result.ShouldBe(5);
    }

    [Fact]
    public async Task Spawn_ItemBeforeRemovedTheContext_ContinuationsStillComeHome()
    {
        await using var single = new AsyncRuntime(new AsyncRuntimeOptions { MaxReserveThreads = 0, WorkerThreads = 1 });
        await single.StartAsync();
        single.Post(() => SynchronizationContext.SetSynchronizationContext(null));

        var home = await single.Spawn(
            async ct =>
            {
                await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, ct);
                return AsyncRuntime.Current;
            },
            new SpawnOptions { Deadline = TimeSpan.FromSeconds(1) }).Guarded();

        home.ShouldBe(single);
    }

    [Fact]
    public async Task TaskScheduler_LongRunningTask_HoldsNoWorker()
    {
        var factory = new TaskFactory(_runtime.TaskScheduler);

        var current = await factory.StartNew(() => AsyncRuntime.Current, TaskCreationOptions.LongRunning).Guarded();

        current.ShouldBeNull();
        _runtime.Snapshot().BlockingThreads.ShouldBe(1);
    }

    [Fact]
    public async Task Post_ActionThrows_IsReportedAndTheWorkerGoesOn()
    {
        var reported = Waiting.NewSignal<Exception>();
        _runtime.UnhandledException += (_, e) => reported.TrySetResult((Exception)e.ExceptionObject);

        _runtime.Post(static () => throw new FormatException("bad"));

        (await reported.Task.Guarded()).ShouldBeOfType<FormatException>();
        (await _runtime.Spawn(async ct => 1).Guarded()).ShouldBe(1);
        _runtime.Snapshot().UnhandledExceptions.ShouldBe(1);
    }

    [Fact]
    public async Task Post_WorkItemAgainFromExecute_RunsEachTime()
    {
        var item = new CountingItem(_runtime, times: 1000);

        _runtime.Post(item);

        (await item.Done.Task.Guarded()).ShouldBe(1000);
    }

    [Fact]
    public async Task Post_WorkItemThatIsQueued_Throws()
    {
        using var gate = new SemaphoreSlim(0);
        await using var single = new AsyncRuntime(new AsyncRuntimeOptions { MaxReserveThreads = 0, WorkerThreads = 1 });
        await single.StartAsync();
        single.Post(() => gate.Wait());
        var item = new CountingItem(single, times: 1);
        single.Post(item);

        var error = Should.Throw<InvalidOperationException>(() => single.Post(item));

        error.Message.ShouldBe("This CountingItem is queued already; one WorkItem can be queued once at a time. Post it again from its Execute, or post another instance.");
        gate.Release();
        await item.Done.Task.Guarded();
    }

    [Fact]
    public async Task SpawnBlocking_MoreCallsThanWorkers_AllRunAtOnce()
    {
        const int calls = 50;
        using var barrier = new Barrier(calls);

        var tasks = Enumerable.Range(0, calls).Select(i => _runtime.SpawnBlocking(() =>
        {
            barrier.SignalAndWait(Waiting.HangGuard).ShouldBeTrue();
            return i;
        })).ToArray();

        (await Task.WhenAll(tasks).Guarded()).Sum().ShouldBe(calls * (calls - 1) / 2);
    }

    [Fact]
    public async Task Spawn_AsyncLocalOfTheCaller_FlowsInAndNotOut()
    {
        var local = new AsyncLocal<string?> { Value = "caller" };
        string? seen = null;

        await _runtime.Spawn(async ct =>
        {
            seen = local.Value;
            local.Value = "work";
            await AsyncRuntime.Yield();
        }).Guarded();

        seen.ShouldBe("caller");
        local.Value.ShouldBe("caller");
    }

    [Fact]
    public async Task Post_AsyncLocalSetByPlainDelegate_DoesNotLeakIntoTheNextItem()
    {
        var local = new AsyncLocal<string?>();
        await using var single = new AsyncRuntime(new AsyncRuntimeOptions { MaxReserveThreads = 0, WorkerThreads = 1 });
        await single.StartAsync();
        single.Post(() => local.Value = "leak");
        var probe = new ProbeItem(() => local.Value);

        single.Post(probe);

        (await probe.Result.Task.Guarded()).ShouldBeNull();
    }

    [Fact]
    public void Spawn_BeforeTheStart_SaysWhatIsMissing()
    {
        var idle = new AsyncRuntime();

        var error = Should.Throw<RuntimeNotRunningException>(() => { _ = idle.Spawn(async ct => { }); });

        error.Message.ShouldBe("The runtime accepts no work while it is Uninitialized; await StartAsync first.");
        idle.Snapshot().Accepted.ShouldBe(0);
    }

    [Fact]
    public void Spawn_UndefinedPriority_NamesTheValidOnes()
    {
        var error = Should.Throw<ArgumentOutOfRangeException>(() => { _ = _runtime.Spawn(async ct => { }, new SpawnOptions { Priority = (TaskPriority)9 }); });

        error.Message.ShouldStartWith("Priority must be one of Critical, High, Normal, Low, Background.");
    }

    [Fact]
    public async Task Spawn_CancelledByTheCallersToken_TellsOfThatToken()
    {
        await using var runtime = new AsyncRuntime(new AsyncRuntimeOptions { WorkerThreads = 1 });
        await runtime.StartAsync();
        using var source = new CancellationTokenSource();
        await source.CancelAsync();

        var spawned = await Should.ThrowAsync<OperationCanceledException>(() => runtime.Spawn(static _ => default, null, source.Token));
        var awaited = await Should.ThrowAsync<OperationCanceledException>(async () => await runtime.RunAsync(static _ => default, null, source.Token));

        spawned.CancellationToken.ShouldBe(source.Token);
        awaited.CancellationToken.ShouldBe(source.Token);
    }

    [Fact]
    public async Task Yield_OneWorker_ResumesBehindWorkThatWasPostedFromOutside()
    {
        await using var single = new AsyncRuntime(new AsyncRuntimeOptions { MaxReserveThreads = 0, WorkerThreads = 1 });
        await single.StartAsync();

        var ranBefore = await single.Spawn(async ct =>
        {
            var ran = false;
            var outsider = new Thread(() => single.Post(() => ran = true));
            outsider.Start();
            outsider.Join();
            await AsyncRuntime.Yield();
            return ran;
        }).Guarded();

        ranBefore.ShouldBeTrue();
    }

    private sealed class CountingItem(AsyncRuntime runtime, int times) : WorkItem
    {
        private int _count;

        public TaskCompletionSource<int> Done { get; } = Waiting.NewSignal<int>();

        protected override void Execute()
        {
            if (++_count == times)
            {
                Done.SetResult(_count);
            }
            else
            {
                runtime.Post(this);
            }
        }
    }

    private sealed class ProbeItem(Func<string?> probe) : WorkItem
    {
        public TaskCompletionSource<string?> Result { get; } = Waiting.NewSignal<string?>();

        protected override void Execute() => Result.SetResult(probe());
    }
}
