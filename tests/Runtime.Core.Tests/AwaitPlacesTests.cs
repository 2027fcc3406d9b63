using System.Collections.Concurrent;

namespace Runtime.Core.Tests;

/// <summary>Where the awaiter of the runtime's own value tasks goes on, and in which execution context.</summary>
public sealed class AwaitPlacesTests : IAsyncLifetime
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(2);

    private readonly AsyncRuntime _runtime = new(new AsyncRuntimeOptions { MaxReserveThreads = 0, WorkerThreads = 1, MaxWorkerThreads = 1 });

    public Task InitializeAsync() => _runtime.StartAsync();

    public async Task DisposeAsync() => await _runtime.DisposeAsync();

    [Fact]
    public async Task Await_OnAWorker_ComesHomeWithConfigureAwaitFalseToo()
    {
        await _runtime.Spawn(async ct =>
        {
            await _runtime.Delay(Short, ct).ConfigureAwait(false);
            AsyncRuntime.Current.ShouldBe(_runtime);
            await _runtime.RunAsync(static _ => ValueTask.CompletedTask).ConfigureAwait(false);
            AsyncRuntime.Current.ShouldBe(_runtime);
        }).Guarded();
    }

    [Fact]
    public async Task Await_OfHighWork_GoesBeforeWaitingNormalWork()
    {
        var order = new ConcurrentQueue<string>();
        var holds = Waiting.NewSignal();
        var release = false;
        var high = _runtime.Spawn(
            async ct =>
            {
                var delay = _runtime.Delay(TimeSpan.FromMilliseconds(100), ct);
                _runtime.Post(() =>
                {
                    // Computes, for all that the monitor sees: what a worker that waits has queued would be put ahead.
                    holds.SetResult();
                    while (!Volatile.Read(ref release))
                    {
                        Thread.SpinWait(100);
                    }
                });
                await delay;
                order.Enqueue("high");
            },
            new SpawnOptions { Priority = TaskPriority.High });
        await holds.Task.Guarded();
        var normal = Enumerable.Range(0, 10).Select(_ => _runtime.Spawn(async ct => order.Enqueue("normal"))).ToArray();
        SpinWait.SpinUntil(() => _runtime.Snapshot().Timers.Fired == 1 && _runtime.Snapshot().QueueDepth[(int)TaskPriority.High] == 1, Waiting.HangGuard).ShouldBeTrue();

        Volatile.Write(ref release, true);

        await Task.WhenAll([.. normal, high]).Guarded();
        order.First().ShouldBe("high");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Await_OnAnotherContext_GoesOnThere(bool asksForIt)
    {
        var context = new CountingContext();

        var seen = await Task.Run(() =>
        {
            SynchronizationContext.SetSynchronizationContext(context);
            return Task.WhenAll(AfterDelayAsync(IsThere, asksForIt), AfterRunAsync(IsThere, asksForIt));
        }).Guarded();

        seen.ShouldBe([asksForIt, asksForIt]);
        context.Posts.ShouldBe(asksForIt ? 2 : 0);

        bool IsThere() => SynchronizationContext.Current == context;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Await_OnATaskScheduler_GoesOnThere(bool asksForIt)
    {
        var scheduler = new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler;

        var seen = await Task.Factory.StartNew(
            () => Task.WhenAll(AfterDelayAsync(IsThere, asksForIt), AfterRunAsync(IsThere, asksForIt)),
            CancellationToken.None,
            TaskCreationOptions.None,
            scheduler).Unwrap().Guarded();

        seen.ShouldBe([asksForIt, asksForIt]);

        bool IsThere() => TaskScheduler.Current == scheduler;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Await_WithoutAContext_GoesOnOnTheThreadPool(bool asksForIt)
    {
        var seen = Waiting.NewSignal<bool[]>();
        var thread = new Thread(() => _ = Seen()) { IsBackground = true };
        thread.Start();
        (await seen.Task.Guarded()).ShouldBe([true, true]);

        async Task Seen() => seen.SetResult(await Task.WhenAll(AfterDelayAsync(IsThere, asksForIt), AfterRunAsync(IsThere, asksForIt)));

        static bool IsThere() => Thread.CurrentThread.IsThreadPoolThread;
    }

    [Fact]
    public async Task Await_OnASingleThreadedExecutorWithinAWorker_GoesOnInTheExecutor()
    {
        await _runtime.Spawn(async ct =>
        {
            using var executor = new Core.Execution.SingleThreadedExecutor();
            var thread = Environment.CurrentManagedThreadId;
            executor.BlockOn(async _ =>
            {
                for (var i = 0; i < 300; i++)
                {
                    await _runtime.Delay(TimeSpan.Zero); // no budget of the worker's here
                    Environment.CurrentManagedThreadId.ShouldBe(thread);
                }

                await _runtime.Delay(Short);
                Environment.CurrentManagedThreadId.ShouldBe(thread);
            });
        }).Guarded();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task OnCompleted_ByHand_FlowsTheExecutionContextOnlyWhenAskedTo(bool flows)
    {
        var local = new AsyncLocal<string>();
        var seen = Waiting.NewSignal<string?>();
        await _runtime.Spawn(async ct =>
        {
            local.Value = "mine";
            var awaiter = _runtime.Delay(Short, ct).GetAwaiter();
            Action continuation = () =>
            {
                awaiter.GetResult();
                seen.SetResult(local.Value);
            };
            if (flows)
            {
                awaiter.OnCompleted(continuation);
            }
            else
            {
                awaiter.UnsafeOnCompleted(continuation);
            }
        }).Guarded();

        (await seen.Task.Guarded()).ShouldBe(flows ? "mine" : null);
    }

    [Fact]
    public async Task Await_InAnAsyncMethod_KeepsItsAsyncLocals()
    {
        var local = new AsyncLocal<int>();
        await _runtime.Spawn(async ct =>
        {
            for (var i = 0; i < 20; i++)
            {
                local.Value = i;
                await _runtime.Delay(Short, ct);
                local.Value.ShouldBe(i);
                await _runtime.RunAsync(
                    static (local, _) =>
                    {
                        local.Value++; // the work's own copy
                        return ValueTask.CompletedTask;
                    },
                    local);
                local.Value.ShouldBe(i);
            }
        }).Guarded();
    }

    // Awaits a delay that ends once it is awaited, and then looks.
    private async Task<T> AfterDelayAsync<T>(Func<T> look, bool asksForContext)
    {
        using var source = new CancellationTokenSource();
        var waits = WaitAsync(source.Token);
        await source.CancelAsync().ConfigureAwait(false);
        return await waits.ConfigureAwait(false);

        async Task<T> WaitAsync(CancellationToken token)
        {
            try
            {
                await _runtime.Delay(Timeout.InfiniteTimeSpan, token).ConfigureAwait(asksForContext);
            }
            catch (OperationCanceledException)
            {
                // How it ends.
            }

            return look();
        }
    }

    // The same with work.
    private async Task<T> AfterRunAsync<T>(Func<T> look, bool asksForContext)
    {
        var gate = Waiting.NewSignal();
        var waits = WaitAsync();
        gate.SetResult();
        return await waits.ConfigureAwait(false);

        async Task<T> WaitAsync()
        {
            await _runtime.RunAsync(static async (gate, _) => await gate.Task, gate).ConfigureAwait(asksForContext);
            return look();
        }
    }

    private sealed class CountingContext : SynchronizationContext
    {
        private int _posts;

        public int Posts => Volatile.Read(ref _posts);

        public override void Post(SendOrPostCallback d, object? state)
        {
            Interlocked.Increment(ref _posts);
            ThreadPool.UnsafeQueueUserWorkItem(
                _ =>
                {
                    SetSynchronizationContext(this);
                    d(state);
                },
                null);
        }
    }
}
