using static Runtime.Core.Tests.Timing.RuntimeTimers;

namespace Runtime.Core.Tests.Timing;

/// <summary>Insert, cancel, fire and stop against each other, with every timer accounted for.</summary>
public sealed class TimerStressTests
{
    private const int Threads = 4;

    [Fact]
    public async Task CreateDisposeAndFire_FromManyThreads_AddUpExactly()
    {
        const int PerThread = 10_000;
        using var timers = new RuntimeTimers();
        var calls = new int[Threads * PerThread];
        var kept = new bool[calls.Length];
        var seed = Random.Shared.Next();

        await RunAsync(thread =>
        {
            var random = new Random(seed + thread);
            for (var i = thread * PerThread; i < (thread + 1) * PerThread; i++)
            {
                var timer = timers.Provider.CreateTimer(
                    index => Interlocked.Increment(ref calls[(int)index!]), i, TimeSpan.FromMilliseconds(random.Next(1, 4)), Never);
                kept[i] = random.Next(2) == 0;
                if (!kept[i])
                {
                    Thread.SpinWait(random.Next(4) == 0 ? 2_000 : 1);
                    timer.Dispose();
                }
            }
        });
        await UntilAsync(() => timers.Service.Snapshot().Active == 0);

        var snapshot = timers.Service.Snapshot();
        (snapshot.Fired + snapshot.Cancelled).ShouldBe(calls.Length, $"seed {seed}");
        var keptCount = kept.Count(k => k);
        await UntilAsync(() => calls.Where((_, i) => kept[i]).Sum() >= keptCount);
        for (var i = 0; i < calls.Length; i++)
        {
            calls[i].ShouldBeInRange(kept[i] ? 1 : 0, 1, $"timer {i}, seed {seed}");
        }
    }

    [Fact]
    public async Task Change_FromManyThreads_LeavesATimerThatFires()
    {
        using var timers = new RuntimeTimers();
        var seed = Random.Shared.Next();
        for (var round = 0; round < 50; round++)
        {
            using var called = new SemaphoreSlim(0);
            await using var timer = timers.Provider.CreateTimer(_ => called.Release(), null, Never, Never); // its last callback ends before the semaphore does
            await RunAsync(thread =>
            {
                var random = new Random(seed + round + thread);
                for (var i = 0; i < 200; i++)
                {
                    var dueTime = random.Next(-1, 3);
                    timer.Change(TimeSpan.FromMilliseconds(dueTime), TimeSpan.FromMilliseconds(random.Next(0, 3)));
                }
            });
            timer.Change(Never, Never);
            await UntilAsync(() => timers.Service.Snapshot().Active == 0);

            while (await called.WaitAsync(TimeSpan.Zero))
            {
            }

            timer.Change(Short, Never).ShouldBeTrue();
            (await called.WaitAsync(HangGuard)).ShouldBeTrue($"seed {seed}, round {round}");
        }
    }

    [Fact]
    public async Task DisposeAsync_OfABusyPeriodicTimer_IsFollowedByNoCallback()
    {
        using var timers = new RuntimeTimers();
        await RunTasksAsync(async _ =>
        {
            for (var i = 0; i < 100; i++)
            {
                var disposed = false;
                var after = 0;
                using var called = new SemaphoreSlim(0);
                var timer = timers.Provider.CreateTimer(
                    _ =>
                    {
                        called.Release();
                        Thread.SpinWait(200);
                        after += Volatile.Read(ref disposed) ? 1 : 0;
                    },
                    null,
                    TimeSpan.Zero,
                    Short);
                (await called.WaitAsync(HangGuard)).ShouldBeTrue();

                await timer.DisposeAsync().AsTask().WaitAsync(HangGuard);
                Volatile.Write(ref disposed, true);

                await Task.Delay(Short, timers.Provider);
                after.ShouldBe(0);
            }
        });
        timers.Service.Snapshot().Active.ShouldBe(0);
    }

    [Fact]
    public async Task Stop_WhileTimersAreMadeCancelledAndFire_LosesNone()
    {
        for (var round = 0; round < 10; round++)
        {
            using var timers = new RuntimeTimers();
            using var running = new SemaphoreSlim(0);
            var stop = Task.Run(async () =>
            {
                (await running.WaitAsync(HangGuard)).ShouldBeTrue();
                timers.Service.Stop();
            });

            await RunTasksAsync(async thread =>
            {
                var random = new Random(round * Threads + thread);
                for (var i = 0; i < 40; i++)
                {
                    using var source = new CancellationTokenSource();
                    var delays = Enumerable.Range(0, 10)
                        .Select(_ => Task.Delay(TimeSpan.FromMilliseconds(random.Next(4)), timers.Provider)).ToArray();
                    var cancelled = Task.Delay(Long, timers.Provider, source.Token);
                    await source.CancelAsync();
                    await Should.ThrowAsync<OperationCanceledException>(cancelled.WaitAsync(HangGuard));
                    if (i == 10)
                    {
                        running.Release();
                    }

                    await Task.WhenAll(delays).WaitAsync(HangGuard);
                }
            });
            await stop.WaitAsync(HangGuard);

            timers.Service.Snapshot().Active.ShouldBe(0);
        }
    }

    private static Task RunAsync(Action<int> body) =>
        Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => Task.Factory.StartNew(
            () => body(thread), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));

    private static Task RunTasksAsync(Func<int, Task> body) =>
        Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => Task.Run(() => body(thread))));
}
