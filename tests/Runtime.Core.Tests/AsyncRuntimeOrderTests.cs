using System.Collections.Concurrent;

namespace Runtime.Core.Tests;

/// <summary>One worker, held at a gate while work is queued, shows the order in which it is taken.</summary>
public sealed class AsyncRuntimeOrderTests
{
    [Fact]
    public async Task Spawn_MixedPrioritiesAndDeadlines_RunInTheOrderOfTheDesign()
    {
        await using var held = await HeldRuntime.CreateAsync(new AsyncRuntimeOptions { MaxReserveThreads = 0, WorkerThreads = 1 });
        held.Spawn("background", new SpawnOptions { Priority = TaskPriority.Background });
        held.Spawn("normal 1", options: null);
        held.Spawn("low", new SpawnOptions { Priority = TaskPriority.Low });
        held.Spawn("normal late", new SpawnOptions { Deadline = TimeSpan.FromMinutes(9) });
        held.Spawn("high 1", new SpawnOptions { Priority = TaskPriority.High });
        held.Spawn("normal 2", options: null);
        held.Spawn("normal early", new SpawnOptions { Deadline = TimeSpan.FromMinutes(3) });
        held.Spawn("critical", new SpawnOptions { Priority = TaskPriority.Critical });
        held.Spawn("high 2", new SpawnOptions { Priority = TaskPriority.High });

        var order = await held.ReleaseAsync();

        order.ShouldBe(["critical", "high 1", "high 2", "normal early", "normal late", "normal 1", "normal 2", "low", "background"]);
    }

    [Fact]
    public async Task Spawn_PrioritiesOff_RunFirstInFirstOut()
    {
        await using var held = await HeldRuntime.CreateAsync(new AsyncRuntimeOptions { MaxReserveThreads = 0, WorkerThreads = 1, EnablePriorityScheduling = false });
        held.Spawn("low", new SpawnOptions { Priority = TaskPriority.Low });
        held.Spawn("late", new SpawnOptions { Deadline = TimeSpan.FromMinutes(9) });
        held.Spawn("critical", new SpawnOptions { Priority = TaskPriority.Critical });
        held.Spawn("early", new SpawnOptions { Deadline = TimeSpan.FromMinutes(1) });

        (await held.ReleaseAsync()).ShouldBe(["low", "late", "critical", "early"]);
    }

    [Fact]
    public async Task Reconfigure_PrioritiesOnWhileWorkWaits_AppliesToWhatComesNext()
    {
        await using var held = await HeldRuntime.CreateAsync(new AsyncRuntimeOptions { MaxReserveThreads = 0, WorkerThreads = 1, EnablePriorityScheduling = false });
        held.Spawn("first", new SpawnOptions { Priority = TaskPriority.Low });
        held.Runtime.Reconfigure(new AsyncRuntimeOptions { MaxReserveThreads = 0, WorkerThreads = 1, EnablePriorityScheduling = true });
        held.Spawn("critical", new SpawnOptions { Priority = TaskPriority.Critical });

        (await held.ReleaseAsync()).ShouldBe(["critical", "first"]);
    }

    [Fact]
    public async Task Spawn_LowBehindAnEndlessStreamOfHigh_RunsOnceItHasWaitedLongEnough()
    {
        var options = new AsyncRuntimeOptions { MaxReserveThreads = 0, WorkerThreads = 1, StarvationThreshold = TimeSpan.FromMilliseconds(20) };
        await using var runtime = new AsyncRuntime(options);
        await runtime.StartAsync();
        var lowRan = Waiting.NewSignal();
        var high = new SpawnOptions { Priority = TaskPriority.High };

        // A stream that never ends by itself: each High item spawns the next one before it ends, so without the boost Low never runs.
        ValueTask Stream(CancellationToken ct)
        {
            if (!lowRan.Task.IsCompleted && !ct.IsCancellationRequested)
            {
                _ = runtime.Spawn(Stream, high, ct);
            }

            return ValueTask.CompletedTask;
        }

        _ = runtime.Spawn(Stream, high);
        _ = runtime.Spawn(Stream, high);
        _ = runtime.Spawn(
            ct =>
            {
                lowRan.SetResult();
                return ValueTask.CompletedTask;
            },
            new SpawnOptions { Priority = TaskPriority.Low });

        await lowRan.Task.Guarded();
        runtime.Snapshot().StarvationBoosts.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task Spawn_NormalBehindAnEndlessStreamOfCritical_RunsOnceItHasWaitedLongEnough()
    {
        await using var runtime = new AsyncRuntime(new AsyncRuntimeOptions { MaxReserveThreads = 0, WorkerThreads = 1, StarvationThreshold = TimeSpan.FromMilliseconds(20) });
        await runtime.StartAsync();
        var normalRan = Waiting.NewSignal();
        var critical = new SpawnOptions { Priority = TaskPriority.Critical };

        ValueTask Stream(CancellationToken ct)
        {
            if (!normalRan.Task.IsCompleted && !ct.IsCancellationRequested)
            {
                _ = runtime.Spawn(Stream, critical, ct);
            }

            return ValueTask.CompletedTask;
        }

        _ = runtime.Spawn(Stream, critical);
        runtime.Post(normalRan.SetResult);

        await normalRan.Task.Guarded();
    }

    [Fact]
    public async Task Continuation_OfHighWork_GoesBeforeWaitingNormalWork()
    {
        await using var held = await HeldRuntime.CreateAsync(new AsyncRuntimeOptions { MaxReserveThreads = 0, WorkerThreads = 1 });
        held.Spawn("normal", options: null);
        _ = held.Runtime.Spawn(
            async ct =>
            {
                held.Order.Enqueue("high before");
                await Task.Yield();
                held.Order.Enqueue("high after");
            },
            new SpawnOptions { Priority = TaskPriority.High });

        (await held.ReleaseAsync()).ShouldBe(["high before", "high after", "normal"]);
    }

    [Fact]
    public async Task Snapshot_WorkWaits_ShowsDepthByPriorityAndTheLongestWait()
    {
        await using var held = await HeldRuntime.CreateAsync(new AsyncRuntimeOptions { MaxReserveThreads = 0, WorkerThreads = 1 });
        held.Spawn("a", new SpawnOptions { Priority = TaskPriority.High });
        held.Spawn("b", options: null);
        held.Spawn("c", options: null);

        held.Runtime.Snapshot().QueueDepth.ShouldBe([0, 1, 2, 0, 0]);

        await held.ReleaseAsync();
        held.Runtime.Snapshot().QueueDepth.ShouldBe([0, 0, 0, 0, 0]);
        held.Runtime.Snapshot().LongestWait.ShouldBe(TimeSpan.Zero);
    }

    /// <summary>A runtime whose only worker waits at a gate.</summary>
    private sealed class HeldRuntime : IAsyncDisposable
    {
        private readonly ManualResetEventSlim _gate = new();
        private readonly List<Task> _spawned = [];

        private HeldRuntime(AsyncRuntimeOptions options) => Runtime = new AsyncRuntime(options);

        public AsyncRuntime Runtime { get; }

        public ConcurrentQueue<string> Order { get; } = [];

        public static async Task<HeldRuntime> CreateAsync(AsyncRuntimeOptions options)
        {
            var held = new HeldRuntime(options);
            await held.Runtime.StartAsync();
            var atGate = Waiting.NewSignal();
            held.Runtime.Post(() =>
            {
                atGate.SetResult();
                held._gate.Wait();
            });
            await atGate.Task.Guarded();
            return held;
        }

        public void Spawn(string name, SpawnOptions? options) => _spawned.Add(Runtime.Spawn(
            ct =>
            {
                Order.Enqueue(name);
                return ValueTask.CompletedTask;
            },
            options));

        public async Task<string[]> ReleaseAsync()
        {
            _gate.Set();
            await Task.WhenAll(_spawned).Guarded();
            return [.. Order];
        }

        public async ValueTask DisposeAsync()
        {
            _gate.Set();
            await Runtime.DisposeAsync();
            _gate.Dispose();
        }
    }
}
