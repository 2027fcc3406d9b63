namespace Runtime.Core.Tests;

/// <summary>Workers that compute for long: what waits must not wait for them while others are parked.</summary>
public sealed class AsyncRuntimeHeldUpTests
{
    [Fact]
    public async Task Spawn_AsManyItemsComputeAsThereAreProcessors_AParkedWorkerStartsTheNext()
    {
        await using var runtime = await StartAsync(Environment.ProcessorCount + 2);
        using var computing = new Computing();
        await computing.StartAsync(runtime, Environment.ProcessorCount);

        await runtime.Spawn(static _ => default).Guarded();
    }

    [Fact]
    public async Task Post_ItemsComputeUntilTheirChildHasRun_AllEnd()
    {
        await using var runtime = await StartAsync(Environment.ProcessorCount * 2);
        var parents = Enumerable.Range(0, Environment.ProcessorCount).Select(_ => runtime.Spawn(token =>
        {
            var ran = false;
            runtime.Post(() => Volatile.Write(ref ran, true));
            while (!Volatile.Read(ref ran) && !token.IsCancellationRequested)
            {
                Thread.SpinWait(20);
            }

            return default;
        }));

        await Task.WhenAll(parents).Guarded();
    }

    [Fact]
    public async Task Reconfigure_ThreadsReplacedWhileAllCompute_TheNewOnesWork()
    {
        await using var runtime = await StartAsync(2);
        using var computing = new Computing();
        await computing.StartAsync(runtime, 2);

        runtime.Reconfigure(Options(2, "other"));
        SpinWait.SpinUntil(() => runtime.Snapshot().Workers.Count(static w => w.Name.StartsWith("other", StringComparison.Ordinal) && w.Parks > 0) == 2, Waiting.HangGuard)
            .ShouldBeTrue("the new ones have looked, found nothing, and sleep");

        await runtime.Spawn(static _ => default).Guarded();
    }

    [Fact]
    public async Task Reconfigure_StealingOffWhileTheOwnerOfARingComputes_OthersRunWhatIsInIt()
    {
        const int Items = 20;
        await using var runtime = await StartAsync(2);
        var left = Items;
        await runtime.Spawn(token =>
        {
            for (var i = 0; i < Items; i++)
            {
                runtime.Post(() => Interlocked.Decrement(ref left));
            }

            var options = Options(2);
            options.EnableWorkStealing = false;
            runtime.Reconfigure(options);
            while (Volatile.Read(ref left) > 0 && !token.IsCancellationRequested)
            {
                Thread.SpinWait(20);
            }

            return default;
        }).Guarded();
    }

    private static AsyncRuntimeOptions Options(int workers, string prefix = "held-up") =>
        new() { WorkerThreads = workers, MaxWorkerThreads = 16, ThreadNamePrefix = prefix, Isolation = WorkerIsolation.None };

    private static async Task<AsyncRuntime> StartAsync(int workers)
    {
        var runtime = new AsyncRuntime(Options(workers));
        await runtime.StartAsync();
        return runtime;
    }

    // Items that compute until the end of the test.
    private sealed class Computing : IDisposable
    {
        private int _started;
        private bool _stopped;

        public async Task StartAsync(AsyncRuntime runtime, int items)
        {
            var all = Waiting.NewSignal();
            for (var i = 0; i < items; i++)
            {
                runtime.Post(() =>
                {
                    if (Interlocked.Increment(ref _started) == items)
                    {
                        all.SetResult();
                    }

                    while (!Volatile.Read(ref _stopped))
                    {
                        Thread.SpinWait(20);
                    }
                });
            }

            await all.Task.Guarded();
        }

        public void Dispose() => Volatile.Write(ref _stopped, true);
    }
}
