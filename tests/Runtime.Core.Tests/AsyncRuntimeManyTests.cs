namespace Runtime.Core.Tests;

/// <summary>Submitting by the dozen: all or none, in order, once each.</summary>
public sealed class AsyncRuntimeManyTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(300)]
    [InlineData(10_000)]
    public async Task PostMany_States_EachRunsOnceInOrder(int count)
    {
        await using var runtime = await StartedAsync(workers: 1);
        var order = new List<int>();
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        runtime.PostMany(
            i =>
            {
                order.Add(i);
                if (order.Count == count)
                {
                    done.SetResult();
                }
            },
            Enumerable.Range(0, count).ToArray().AsSpan());

        await done.Task.Guarded();
        order.ShouldBe(Enumerable.Range(0, count));
        SpinWait.SpinUntil(() => runtime.Snapshot().Finished == count, Waiting.HangGuard).ShouldBeTrue();
    }

    [Theory]
    [InlineData(257, true)]
    [InlineData(300, true)]
    [InlineData(5000, true)]
    [InlineData(300, false)]
    [InlineData(5000, false)]
    public async Task Post_FromTheOnlyWorkerBeyondItsRing_StartsInOrder(int count, bool many)
    {
        await using var runtime = await StartedAsync(workers: 1);
        var order = new List<int>();
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var states = Enumerable.Range(0, count).ToArray();
        Action<int> body = i =>
        {
            order.Add(i);
            if (order.Count == count)
            {
                done.SetResult();
            }
        };

        await runtime.Spawn(_ =>
        {
            if (many)
            {
                runtime.PostMany(body, states.AsSpan());
            }
            else
            {
                Array.ForEach(states, state => runtime.Post(body, state));
            }

            return default;
        }).Guarded();

        await done.Task.Guarded();
        order.ShouldBe(states);
    }

    [Fact]
    public async Task PostMany_FromAWorker_EachRunsOnce()
    {
        const int count = 5000;
        await using var runtime = await StartedAsync(workers: 2);
        var left = count;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        await runtime.Spawn(_ =>
        {
            runtime.PostMany(
                _ =>
                {
                    if (Interlocked.Decrement(ref left) == 0)
                    {
                        done.SetResult();
                    }
                },
                new int[count].AsSpan());
            return ValueTask.CompletedTask;
        }).Guarded();

        await done.Task.Guarded();
    }

    [Fact]
    public async Task PostMany_AnItemTwice_QueuesNoneAndSaysSo()
    {
        await using var runtime = await StartedAsync(workers: 1);
        var first = new Item();
        var second = new Item();

        Should.Throw<InvalidOperationException>(() => runtime.PostMany(first, second, first)).Message.ShouldStartWith("This Item is queued already;");

        runtime.Snapshot().Accepted.ShouldBe(0);
        runtime.PostMany(first, second); // both are free again
        await Task.WhenAll(first.Ran.Task, second.Ran.Task).Guarded();
    }

    [Fact]
    public async Task SpawnMany_StatesWithPriority_GivesATaskForEachInOrder()
    {
        await using var runtime = await StartedAsync(workers: 2);
        var squares = new int[200];

        var tasks = runtime.SpawnMany(
            async (i, ct) =>
            {
                await AsyncRuntime.Yield();
                squares[i] = i * i;
                if (i == 7)
                {
                    throw new InvalidOperationException("seven");
                }
            },
            Enumerable.Range(0, 200).ToArray().AsSpan(),
            new SpawnOptions { Priority = TaskPriority.Low });

        (await Should.ThrowAsync<InvalidOperationException>(() => tasks[7].Guarded())).Message.ShouldBe("seven");
        await Task.WhenAll(tasks.Where((_, i) => i != 7)).Guarded();
        squares.ShouldBe(Enumerable.Range(0, 200).Select(i => i * i));
    }

    [Fact]
    public async Task SpawnMany_AfterTheStop_IsRefusedWhole()
    {
        var runtime = await StartedAsync(workers: 1);
        await runtime.StopAsync().Guarded();

        Should.Throw<RuntimeNotRunningException>(() => { _ = runtime.SpawnMany((int i, CancellationToken ct) => ValueTask.CompletedTask, [1, 2, 3]); });

        runtime.Snapshot().Accepted.ShouldBe(0);
    }

    private static async Task<AsyncRuntime> StartedAsync(int workers)
    {
        var runtime = new AsyncRuntime(new AsyncRuntimeOptions { WorkerThreads = workers, MaxWorkerThreads = 8 });
        await runtime.StartAsync();
        return runtime;
    }

    private sealed class Item : WorkItem
    {
        public TaskCompletionSource Ran { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        protected override void Execute() => Ran.TrySetResult();
    }
}
