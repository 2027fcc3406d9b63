namespace Runtime.Core.Tests;

/// <summary>Not beside other tests: what is measured is what the whole process allocates.</summary>
[CollectionDefinition(nameof(AwaitAllocationTests), DisableParallelization = true)]
public sealed class AwaitAllocationCollection;

/// <summary>Bytes per await of the runtime's own awaitables, once warm; those of all threads, the timer's included.</summary>
[Collection(nameof(AwaitAllocationTests))]
public sealed class AwaitAllocationTests : IAsyncLifetime
{
    private const int Rounds = 20;

    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(0.1);
    private static readonly SpawnOptions High = new() { Priority = TaskPriority.High, Name = "x" };

    private readonly AsyncRuntime _runtime = new(new AsyncRuntimeOptions { MaxReserveThreads = 0, WorkerThreads = 1, MaxWorkerThreads = 1 });
    private readonly CancellationTokenSource _source = new();

    public Task InitializeAsync() => _runtime.StartAsync();

    public async Task DisposeAsync()
    {
        await _runtime.DisposeAsync();
        _source.Dispose();
    }

    [Fact]
    public Task Delay_OnAWorker_AllocatesNothing() => OnAWorker(50, static test => test._runtime.Delay(Short));

    [Fact]
    public Task Delay_WithAToken_AllocatesNothing() => OnAWorker(50, static test => test._runtime.Delay(Short, test._source.Token));

    [Fact]
    public Task TryDelay_Cancelled_AllocatesWhatTheTokenDoes() => _runtime.Spawn(async ct =>
    {
        const int Count = 1_000;
        var delays = new ValueTask<bool>[Count];
        var registrations = new CancellationTokenRegistration[Count];
        var least = long.MaxValue;
        var ofTheToken = long.MaxValue;
        for (var round = 0; round < Rounds; round++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            using (var source = new CancellationTokenSource())
            {
                for (var i = 0; i < Count; i++)
                {
                    registrations[i] = source.Token.UnsafeRegister(static _ => { }, null);
                }

                source.Cancel();
            }

            var between = GC.GetTotalAllocatedBytes(precise: true);
            using (var source = new CancellationTokenSource())
            {
                for (var i = 0; i < Count; i++)
                {
                    delays[i] = _runtime.TryDelay(TimeSpan.FromHours(1), source.Token);
                }

                source.Cancel();
                for (var i = 0; i < Count; i++)
                {
                    (await delays[i]).ShouldBeFalse();
                }
            }

            ofTheToken = Math.Min(ofTheToken, between - before);
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - between);
        }

        least.ShouldBe(ofTheToken);
    }).Guarded();

    [Fact]
    public Task Delay_OfZero_AllocatesNothing() => OnAWorker(10_000, static test => test._runtime.Delay(TimeSpan.Zero));

    [Fact]
    public Task Delay_OnTheThreadPool_AllocatesNothing() => Task.Run(() => Check(50, static test => test._runtime.Delay(Short))).Guarded();

    [Fact]
    public Task RunAsync_OnAWorker_AllocatesNothing() => OnAWorker(10_000, static test => test._runtime.RunAsync(static _ => ValueTask.CompletedTask));

    [Fact]
    public Task RunAsync_WithStatePriorityAndName_AllocatesNothing() =>
        OnAWorker(10_000, static test => test._runtime.RunAsync(static (_, _) => ValueTask.CompletedTask, test, High));

    [Fact]
    public Task RunAsync_WithTheRuntimesToken_AllocatesNothing() =>
        OnAWorker(10_000, static test => test._runtime.RunAsync(static _ => ValueTask.CompletedTask, options: null, test._runtime.Stopping));

    [Fact]
    public Task RunAsync_FromTheThreadPool_AllocatesNothing() =>
        Task.Run(() => Check(1_000, static test => test._runtime.RunAsync(static _ => ValueTask.CompletedTask))).Guarded();

    [Fact]
    public Task RunAsync_WithAResult_AllocatesNothing() => _runtime.Spawn(async ct =>
    {
        var least = long.MaxValue;
        for (var round = 0; round < Rounds; round++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            for (var i = 0; i < 10_000; i++)
            {
                _ = await _runtime.RunAsync(static (number, _) => ValueTask.FromResult(number), i);
            }

            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        least.ShouldBe(0);
    }).Guarded();

    [Fact]
    public Task ConsumeBudget_ThatYieldsOrNot_AllocatesNothing() => _runtime.Spawn(async ct =>
    {
        var least = long.MaxValue;
        for (var round = 0; round < Rounds; round++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            for (var i = 0; i < 10_000; i++)
            {
                await AsyncRuntime.ConsumeBudget();
            }

            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        least.ShouldBe(0);
        _runtime.Snapshot().ForcedYields.ShouldBeGreaterThan(0);
    }).Guarded();

    private Task OnAWorker(int count, Func<AwaitAllocationTests, ValueTask> operation) =>
        _runtime.Spawn(async ct => await Check(count, operation)).Guarded();

    // The best round: the first ones warm up, and the test host allocates now and then. What an await costs every round has.
    private async Task Check(int count, Func<AwaitAllocationTests, ValueTask> operation)
    {
        var least = long.MaxValue;
        for (var round = 0; round < Rounds; round++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            for (var i = 0; i < count; i++)
            {
                await operation(this);
            }

            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        least.ShouldBe(0);
    }
}
