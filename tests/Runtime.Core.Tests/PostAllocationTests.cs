namespace Runtime.Core.Tests;

/// <summary>Posts allocate nothing once a runtime is warm, also beyond a worker's ring and in bursts from outside.</summary>
public sealed class PostAllocationTests : IAsyncLifetime
{
    private const int Rounds = 20;

    private readonly AsyncRuntime _runtime = new(new AsyncRuntimeOptions { WorkerThreads = 1, Isolation = WorkerIsolation.None });

    public Task InitializeAsync() => _runtime.StartAsync();

    public Task DisposeAsync() => _runtime.DisposeAsync().AsTask();

    [Fact]
    public async Task Post_ItemsOnAWorkerBeyondItsRing_AllocatesNothing()
    {
        var counter = new Counter();
        var items = Enumerable.Range(0, 1000).Select(_ => new CountingItem(counter)).ToArray();
        var least = long.MaxValue;
        for (var round = 0; round < Rounds; round++)
        {
            var target = counter.Value + items.Length;
            least = Math.Min(least, await _runtime.Spawn(_ =>
            {
                var before = GC.GetAllocatedBytesForCurrentThread();
                foreach (var item in items)
                {
                    _runtime.Post(item);
                }

                return ValueTask.FromResult(GC.GetAllocatedBytesForCurrentThread() - before);
            }).Guarded());
            SpinWait.SpinUntil(() => counter.Value == target, Waiting.HangGuard).ShouldBeTrue();
        }

        least.ShouldBe(0);
    }

    [Fact]
    public void Post_StatesFromOutside_AllocatesNothing()
    {
        var counter = new Counter();
        Action<int> body = _ => counter.Add();
        var least = long.MaxValue;
        for (var round = 0; round < 10 * Rounds; round++)
        {
            var target = counter.Value + 50;
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 50; i++)
            {
                _runtime.Post(body, i);
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            SpinWait.SpinUntil(() => counter.Value == target, Waiting.HangGuard).ShouldBeTrue();
        }

        least.ShouldBe(0);

        // And on the worker, which gives the items back by the dozen.
        var worker = long.MaxValue;
        for (var round = 0; round < Rounds; round++)
        {
            var before = OnWorker(GC.GetAllocatedBytesForCurrentThread);
            var target = counter.Value + 320;
            for (var i = 0; i < 320; i++)
            {
                _runtime.Post(body, i);
            }

            SpinWait.SpinUntil(() => counter.Value == target, Waiting.HangGuard).ShouldBeTrue();
            worker = Math.Min(worker, OnWorker(GC.GetAllocatedBytesForCurrentThread) - before);
        }

        worker.ShouldBeLessThan(320, "a node for each batch of 32 would be 320 bytes, besides what the two readings cost");
    }

    [Theory]
    [InlineData(TaskPriority.Normal)]
    [InlineData(TaskPriority.High)]
    public async Task AwaitOfATask_ManyWorksWokenAtOnce_QueueingThemAllocatesNothing(TaskPriority priority)
    {
        const int Works = 100;
        var least = long.MaxValue;
        for (var round = 0; round < Rounds; round++)
        {
            var sources = Enumerable.Range(0, Works).Select(static _ => Waiting.NewSignal()).ToArray();
            var waiting = 0;
            var works = sources.Select(source => _runtime.Spawn(
                async _ =>
                {
                    Interlocked.Increment(ref waiting);
                    await source.Task;
                },
                new SpawnOptions { Priority = priority })).ToArray();
            SpinWait.SpinUntil(() => Volatile.Read(ref waiting) == Works, Waiting.HangGuard).ShouldBeTrue();
            await _runtime.Spawn(static _ => default, new SpawnOptions { Priority = TaskPriority.Background }).Guarded(); // the last of them has suspended

            var before = GC.GetAllocatedBytesForCurrentThread();
            foreach (var source in sources)
            {
                source.SetResult();
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            await Task.WhenAll(works).Guarded();
        }

        least.ShouldBe(0);
    }

    private long OnWorker(Func<long> read)
    {
        long value = -1;
        _runtime.Post(() => Volatile.Write(ref value, read()));
        SpinWait.SpinUntil(() => Volatile.Read(ref value) >= 0, Waiting.HangGuard).ShouldBeTrue();
        return value;
    }

    private sealed class Counter
    {
        private int _value;

        public int Value => Volatile.Read(ref _value);

        public void Add() => Interlocked.Increment(ref _value);
    }

    private sealed class CountingItem(Counter counter) : WorkItem
    {
        protected override void Execute() => counter.Add();
    }
}
