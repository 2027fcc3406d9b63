using System.Collections.Concurrent;

namespace Runtime.Core.Tests;

public sealed class AsyncRuntimeWorkerTests
{
    [Fact]
    public async Task StartAsync_AutomaticWorkers_AreNoFewerThanTheLeast()
    {
        await using var runtime = new AsyncRuntime(new AsyncRuntimeOptions { MinWorkerThreads = Environment.ProcessorCount + 3 });

        await runtime.StartAsync();

        runtime.WorkerCount.ShouldBe(Environment.ProcessorCount + 3);
    }

    [Fact]
    public async Task Start_Options_GiveTheThreadsTheirNumberNameAndStack()
    {
        await using var runtime = await StartedAsync(new AsyncRuntimeOptions { MaxReserveThreads = 0, WorkerThreads = 3, MaxWorkerThreads = 3, ThreadNamePrefix = "crew", ThreadStackSize = 8 * 1024 * 1024 });

        var name = await runtime.Spawn(async ct => Thread.CurrentThread.Name).Guarded();
        var deep = await runtime.Spawn(async ct => Dive(40_000)).Guarded();

        name.ShouldStartWith("crew-");
        deep.ShouldBe(40_000); // 40,000 frames of at least 128 bytes: more than a 1.5 MB stack has room for
        runtime.Snapshot().Workers.Select(worker => worker.Name).ShouldBe(["crew-0", "crew-1", "crew-2"]);

        static int Dive(int depth)
        {
            Span<long> frame = stackalloc long[8];
            frame[0] = depth;
            return depth == 0 ? 0 : Dive(depth - 1) + (int)(frame[0] / depth);
        }
    }

    [Fact]
    public async Task Spawn_FromAWorkerThatStaysBusy_IsStolenByTheOthers()
    {
        await using var runtime = await StartedAsync(new AsyncRuntimeOptions { MaxReserveThreads = 0, WorkerThreads = 4, MaxWorkerThreads = 4 });
        using var all = new CountdownEvent(100);

        await runtime.Spawn(async ct =>
        {
            for (var i = 0; i < 100; i++)
            {
                _ = runtime.Spawn(
                    async inner => all.Signal(),
                    options: null,
                    ct);
            }

            all.Wait(Waiting.HangGuard).ShouldBeTrue(); // holds this worker: only thieves can run the children
        }).Guarded();

        var workers = runtime.Snapshot().Workers;
        workers.Sum(worker => worker.Steals).ShouldBeGreaterThan(0);
        workers.Sum(worker => worker.ItemsStolen).ShouldBeGreaterThanOrEqualTo(workers.Sum(worker => worker.Steals));
        workers.Sum(worker => worker.StealAttempts).ShouldBeGreaterThanOrEqualTo(workers.Sum(worker => worker.Steals));
    }

    [Fact]
    public async Task Spawn_StealingOff_WorkOfABusyWorkerIsStillInReachOfTheOthers()
    {
        await using var runtime = await StartedAsync(new AsyncRuntimeOptions { MaxReserveThreads = 0, WorkerThreads = 2, MaxWorkerThreads = 2, EnableWorkStealing = false });
        using var all = new CountdownEvent(50);

        await runtime.Spawn(async ct =>
        {
            for (var i = 0; i < 50; i++)
            {
                _ = runtime.Spawn(async inner => all.Signal(), options: null, ct);
            }

            all.Wait(Waiting.HangGuard).ShouldBeTrue();
        }).Guarded();

        runtime.Snapshot().Workers.Sum(worker => worker.StealAttempts).ShouldBe(0);
    }

    [Fact]
    public async Task Reconfigure_WorkersUpAndDownWhileLoaded_NothingIsLost()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        await using var runtime = await StartedAsync(new AsyncRuntimeOptions { MaxReserveThreads = 0, WorkerThreads = 2, MaxWorkerThreads = 8 });
        const int items = 20_000;
        var done = 0;
        var finished = Waiting.NewSignal();

        async ValueTask Work(CancellationToken ct)
        {
            for (var i = 0; i < 3; i++)
            {
                await AsyncRuntime.Yield();
                await Task.Yield();
            }

            if (Interlocked.Increment(ref done) == items)
            {
                finished.SetResult();
            }
        }

        for (var i = 0; i < items; i++)
        {
            _ = runtime.Spawn(Work, new SpawnOptions { Priority = (TaskPriority)random.Next(5) });
            if (i % 500 == 0)
            {
                runtime.Reconfigure(new AsyncRuntimeOptions
                {
                    WorkerThreads = random.Next(1, 9),
                    MaxWorkerThreads = 8,
                    EnableWorkStealing = random.Next(2) == 0,
                    EnablePriorityScheduling = random.Next(2) == 0,
                    Isolation = random.Next(8) == 0 ? WorkerIsolation.Lowest : WorkerIsolation.BelowNormal,
                });
            }
        }

        await finished.Task.Guarded();
        done.ShouldBe(items, $"seed {seed}");
        runtime.Snapshot().UnhandledExceptions.ShouldBe(0);
    }

    [Fact]
    public async Task Reconfigure_FewerWorkers_TheThreadsEnd()
    {
        await using var runtime = await StartedAsync(new AsyncRuntimeOptions { MaxReserveThreads = 0, WorkerThreads = 6, MaxWorkerThreads = 8 });

        runtime.Reconfigure(new AsyncRuntimeOptions { MaxReserveThreads = 0, WorkerThreads = 1 });

        SpinWait.SpinUntil(() => runtime.Snapshot().Workers.Count == 1, Waiting.HangGuard).ShouldBeTrue();
        (await runtime.Spawn(async ct => 7).Guarded()).ShouldBe(7);
    }

    [Fact]
    public async Task Idle_NoWorkAndNoTimer_WorkersSleepWithoutWaking()
    {
        await using var runtime = await StartedAsync(new AsyncRuntimeOptions { MaxReserveThreads = 0, WorkerThreads = 4, MaxWorkerThreads = 4 });
        await runtime.Spawn(async ct => { await AsyncRuntime.Yield(); }).Guarded();

        // The absence of something can only be watched for a while. A worker that was woken for the work above may not have run yet, so it is
        // the first quiet while that counts: a runtime that polls never has one.
        using var never = new ManualResetEventSlim();
        SpinWait.SpinUntil(
            () =>
            {
                var before = Activity();
                never.Wait(TimeSpan.FromMilliseconds(500));
                return Activity().SequenceEqual(before);
            },
            Waiting.HangGuard).ShouldBeTrue();

        IEnumerable<(long Parks, TimeSpan Busy)> Activity() => [.. runtime.Snapshot().Workers.Select(worker => (worker.Parks, worker.Busy))];
    }

    [Fact]
    public async Task Post_OneAtATimeToAParkedRuntime_NoWakeUpIsLost()
    {
        await using var runtime = await StartedAsync(new AsyncRuntimeOptions { MaxReserveThreads = 0, WorkerThreads = 2 });
        using var ran = new SemaphoreSlim(0);
        for (var i = 0; i < 20_000; i++)
        {
            runtime.Post(() => ran.Release());
            ran.Wait(Waiting.HangGuard).ShouldBeTrue($"lost at {i}");
        }
    }

    [Fact]
    public async Task Stress_RandomPrograms_EverythingIsAccountedFor()
    {
        var seed = Environment.TickCount;
        for (var round = 0; round < 20; round++)
        {
            await RunProgramAsync(seed + round);
        }
    }

    // Any program of spawn, yield, delay, cancel, block and fail over any options ends with everything accounted for.
    private static async Task RunProgramAsync(int seed)
    {
        var random = new Random(seed);
        var runtime = await StartedAsync(new AsyncRuntimeOptions
        {
            WorkerThreads = random.Next(1, 5),
            MaxWorkerThreads = 4,
            EnableWorkStealing = random.Next(3) != 0,
            EnablePriorityScheduling = random.Next(3) != 0,
            StarvationThreshold = TimeSpan.FromMilliseconds(random.Next(1, 50)),
            Isolation = (WorkerIsolation)random.Next(2), // not the idle class: on a busy machine it may wait for ever, as it should
        });
        var outcomes = new ConcurrentDictionary<string, int>(StringComparer.Ordinal);
        var tasks = new List<Task>();
        var spawned = 0L;

        async ValueTask Program(int depth, int choices, CancellationToken ct)
        {
            var own = new Random(choices);
            for (var step = 0; step < 4; step++)
            {
                switch (own.Next(7))
                {
                    case 0:
                        await AsyncRuntime.Yield();
                        break;
                    case 1:
                        await Task.Delay(TimeSpan.FromMilliseconds(own.Next(3)), runtime.TimeProvider, ct);
                        break;
                    case 2 when depth < 3:
                        Interlocked.Increment(ref spawned);
                        await Observe(runtime.Spawn(token => Program(depth + 1, own.Next(), token), new SpawnOptions { Priority = (TaskPriority)own.Next(5) }, ct));
                        break;
                    case 3:
                        Interlocked.Increment(ref spawned);
                        await runtime.SpawnBlocking(() => Thread.SpinWait(100), CancellationToken.None);
                        break;
                    case 4 when own.Next(4) == 0:
                        throw new FormatException("planned");
                    case 5 when own.Next(4) == 0:
                        throw new OperationCanceledException();
                    default:
                        await Task.Yield();
                        break;
                }

                AsyncRuntime.Current.ShouldBe(runtime);
            }
        }

        async Task Observe(Task task)
        {
            try
            {
                await task;
                outcomes.AddOrUpdate("succeeded", 1, (_, n) => n + 1);
            }
            catch (OperationCanceledException)
            {
                outcomes.AddOrUpdate("cancelled", 1, (_, n) => n + 1);
            }
            catch (FormatException)
            {
                outcomes.AddOrUpdate("failed", 1, (_, n) => n + 1);
            }
        }

        for (var i = 0; i < 100; i++)
        {
            var choices = random.Next();
            using var source = new CancellationTokenSource();
            Interlocked.Increment(ref spawned);
            tasks.Add(Observe(runtime.Spawn(
                token => Program(0, choices, token),
                new SpawnOptions { Priority = (TaskPriority)random.Next(5), Deadline = random.Next(2) == 0 ? TimeSpan.FromMilliseconds(random.Next(100)) : null },
                source.Token)));
            if (random.Next(5) == 0)
            {
                await source.CancelAsync();
            }
        }

        await Task.WhenAll(tasks).WaitAsync(Waiting.HangGuard, TimeProvider.System).ContinueWith(
            all => all.IsCompletedSuccessfully.ShouldBeTrue($"seed {seed}: {all.Exception}"), TaskScheduler.Default);
        var report = await runtime.StopAsync().Guarded();
        var snapshot = runtime.Snapshot();
        report.Live.ShouldBe(0, $"seed {seed}");
        snapshot.Accepted.ShouldBe(spawned, $"seed {seed}");
        snapshot.Finished.ShouldBe(spawned, $"seed {seed}");
        snapshot.UnhandledExceptions.ShouldBe(0, $"seed {seed}");
        outcomes.Values.Sum().ShouldBeGreaterThanOrEqualTo(100, $"seed {seed}");
    }

    private static async Task<AsyncRuntime> StartedAsync(AsyncRuntimeOptions options)
    {
        var runtime = new AsyncRuntime(options);
        await runtime.StartAsync();
        return runtime;
    }
}
