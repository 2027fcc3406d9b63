using System.Runtime.CompilerServices;
using Runtime.Core.Cleanup;

namespace Runtime.Core.Tests.Cleanup;

/// <summary>The cleanup of a runtime: on its workers, at its stop, and from many threads.</summary>
public sealed class CleanupRuntimeTests
{
    [Fact]
    public async Task Releases_RunOnAWorkerWithoutTheCallersContext()
    {
        await using var runtime = await StartAsync(static o => o.Threshold = 1);
        var local = new AsyncLocal<string> { Value = "caller" };
        var seen = Waiting.NewSignal<(AsyncRuntime?, string?)>();

        runtime.Cleanup.Retire(() => seen.SetResult((AsyncRuntime.Current, local.Value)));

        (await seen.Task.Guarded()).ShouldBe((runtime, null));
    }

    [Fact]
    public async Task Interval_ReleasesWhatIsBelowTheThreshold()
    {
        await using var runtime = await StartAsync(static o => (o.Threshold, o.Interval) = (1_000, TimeSpan.FromMilliseconds(5)));
        for (var i = 0; i < 20; i++)
        {
            var released = Waiting.NewSignal();
            runtime.Cleanup.Retire(released.SetResult);
            await released.Task.Guarded();
        }
    }

    [Fact]
    public async Task Reconfigure_WhileThingsWait_AppliesFromTheNext()
    {
        await using var runtime = await StartAsync(static o => (o.Threshold, o.Interval) = (1_000_000, TimeSpan.FromHours(1)));
        var first = Waiting.NewSignal();
        runtime.Cleanup.Retire(first.SetResult);

        runtime.Reconfigure(new AsyncRuntimeOptions { WorkerThreads = 2, MaxWorkerThreads = 2, Cleanup = { Threshold = 2, Interval = TimeSpan.FromHours(1) } });
        first.Task.IsCompleted.ShouldBeFalse();
        runtime.Cleanup.Retire(static () => { });

        await first.Task.Guarded();
    }

    [Fact]
    public async Task Stop_ReleasesEverythingInOrder()
    {
        var runtime = await StartAsync(static o => (o.Threshold, o.Interval) = (1_000_000, TimeSpan.FromHours(1)));
        var order = new List<int>();
        for (var i = 0; i < 2_000; i++)
        {
            var number = i;
            if (i % 3 == 0)
            {
                runtime.Cleanup.Retire((IAsyncDisposable)new Slow(order, number));
            }
            else
            {
                runtime.Cleanup.Retire(() => order.Add(number));
            }
        }

        await runtime.StopAsync().Guarded();

        runtime.Snapshot().Cleanup.Backlog.ShouldBe(0);
        order.ShouldBe(Enumerable.Range(0, 2_000));
    }

    [Fact]
    public async Task BeforeTheStartAndAfterTheStop_NothingIsLost()
    {
        var never = new AsyncRuntime(new AsyncRuntimeOptions { Cleanup = { Interval = TimeSpan.FromHours(1) } });
        var released = 0;
        never.Cleanup.Retire(() => Interlocked.Increment(ref released));
        await never.DisposeAsync();
        released.ShouldBe(1);

        var stopped = await StartAsync();
        await stopped.StopAsync().Guarded();
        var late = Waiting.NewSignal();
        stopped.Cleanup.Retire(late.SetResult);
        await late.Task.Guarded();
    }

    [Fact]
    public async Task ManyThreads_EverythingIsReleasedOnce()
    {
        const int Threads = 4;
        const int Each = 100_000;
        var counts = new int[Threads * Each];
        var runtime = await StartAsync(static o => (o.Threshold, o.Capacity, o.BatchSize) = (50, 5_000, 64));
        await Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => Task.Factory.StartNew(
            () =>
            {
                for (var i = thread * Each; i < (thread + 1) * Each; i++)
                {
                    runtime.Cleanup.Retire(static index => Interlocked.Increment(ref Unsafe.Unbox<Place>(index!).Count[Unsafe.Unbox<Place>(index!).Index]), new Place(counts, i));
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default))).Guarded();
        await runtime.StopAsync().Guarded();

        counts.ShouldAllBe(static count => count == 1);
        var snapshot = runtime.Snapshot().Cleanup;
        snapshot.Retired.ShouldBe(counts.Length);
        snapshot.Released.ShouldBe(counts.Length);
    }

    [Fact]
    public async Task NothingIsLeaked_AfterEverythingIsReleased()
    {
        const int Count = 10_000;
        await using var runtime = await StartAsync(static o => o.Threshold = 100);
        var finalized = new StrongBox<int>();
        Fill(runtime, finalized, Count);
        SpinWait.SpinUntil(() => runtime.Snapshot().Cleanup is { Backlog: 0 }, Waiting.HangGuard).ShouldBeTrue();

        // The ring of the queue keeps what was last in each of its places until that is used again.
        SpinWait.SpinUntil(
            () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return Volatile.Read(ref finalized.Value) >= Count - 64;
            },
            Waiting.HangGuard).ShouldBeTrue($"{finalized.Value} of {Count}");
    }

    [Fact]
    public async Task Retire_AllocatesNothingOnceWarm()
    {
        await using var runtime = await StartAsync(static o => (o.Threshold, o.Interval, o.BatchSize) = (1_000_000, TimeSpan.FromHours(1), 100_000));
        var thing = new MemoryStream();
        var least = long.MaxValue;
        for (var round = 0; round < 20; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 1_000; i++)
            {
                runtime.Cleanup.Retire((IDisposable)thing);
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            runtime.Cleanup.Collect();
            SpinWait.SpinUntil(() => runtime.Snapshot().Cleanup.Backlog == 0, Waiting.HangGuard).ShouldBeTrue();
        }

        least.ShouldBe(0);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Fill(AsyncRuntime runtime, StrongBox<int> finalized, int count)
    {
        for (var i = 0; i < count; i++)
        {
            runtime.Cleanup.Retire((IDisposable)new Finalized(finalized));
        }
    }

    private static async Task<AsyncRuntime> StartAsync(Action<CleanupOptions>? configure = null)
    {
        var options = new AsyncRuntimeOptions { WorkerThreads = 2, MaxWorkerThreads = 2 };
        configure?.Invoke(options.Cleanup);
        var runtime = new AsyncRuntime(options);
        await runtime.StartAsync();
        return runtime;
    }

    private readonly record struct Place(int[] Count, int Index);

    private sealed class Slow(List<int> order, int number) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Task.Yield();
            order.Add(number);
        }
    }

#pragma warning disable CA1816, MA0055 // the finalizer has to run: it is counted
    private sealed class Finalized(StrongBox<int> finalized) : IDisposable
    {
        ~Finalized() => Interlocked.Increment(ref finalized.Value);

        public void Dispose()
        {
        }
    }
#pragma warning restore CA1816, MA0055
}
