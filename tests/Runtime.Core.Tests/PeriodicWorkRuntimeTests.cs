using System.Collections.Concurrent;

namespace Runtime.Core.Tests;

/// <summary>Periodic work on the workers of a runtime.</summary>
public sealed class PeriodicWorkRuntimeTests : IAsyncLifetime
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(1);

    private readonly AsyncRuntime _runtime = new(new AsyncRuntimeOptions { WorkerThreads = 2, MaxWorkerThreads = 2 });

    public Task InitializeAsync() => _runtime.StartAsync();

    public async Task DisposeAsync() => await _runtime.DisposeAsync();

    [Fact]
    public async Task Runs_AreOnTheRuntimeInTheContextOfTheCaller()
    {
        var local = new AsyncLocal<string> { Value = "caller" };
        var seen = Waiting.NewSignal<(AsyncRuntime?, string?)>();
        await using var work = _runtime.SpawnPeriodic(Short, async (tick, _) =>
        {
            await AsyncRuntime.Yield();
            if (tick.Number == 3)
            {
                seen.SetResult((AsyncRuntime.Current, local.Value));
            }
        });

        (await seen.Task.Guarded()).ShouldBe((_runtime, "caller"));
    }

    [Fact]
    public async Task Stop_OfTheRuntime_WaitsForTheRunAndNotForTheNext()
    {
        var inside = Waiting.NewSignal();
        var goOn = Waiting.NewSignal();
        var running = _runtime.SpawnPeriodic(Short, async (_, _) =>
        {
            inside.TrySetResult();
            await goOn.Task;
        });
        var waiting = _runtime.SpawnPeriodic(TimeSpan.FromDays(1), static (_, _) => ValueTask.CompletedTask);
        await inside.Task.Guarded();

        var stop = _runtime.StopAsync();
        await waiting.Completion.Guarded();
        stop.IsCompleted.ShouldBeFalse();
        goOn.SetResult();

        (await stop.Guarded()).Abandoned.ShouldBe(0);
        await running.Completion.Guarded();
        running.Runs.ShouldBe(1);
        Should.Throw<RuntimeNotRunningException>(() => _runtime.SpawnPeriodic(Short, static (_, _) => ValueTask.CompletedTask));
    }

    [Fact]
    public async Task Failures_GoToUnhandledExceptionUnlessTheyEndIt()
    {
        var reported = new ConcurrentBag<string>();
        _runtime.UnhandledException += (_, e) => reported.Add(((Exception)e.ExceptionObject).Message);
        var third = Waiting.NewSignal();
        await using var work = _runtime.SpawnPeriodic(Short, (tick, _) =>
        {
            if (tick.Number == 3)
            {
                third.SetResult();
            }

            throw new InvalidOperationException($"run {tick.Number}");
        });
        await third.Task.Guarded();
        await work.DisposeAsync();

        reported.ShouldContain("run 1");
        reported.ShouldContain("run 2");
        work.Failed.ShouldBe(work.Runs);

        var ended = _runtime.SpawnPeriodic(Short, static (_, _) => throw new InvalidOperationException("the end"), new PeriodicOptions { StopOnError = true });
        (await Should.ThrowAsync<InvalidOperationException>(ended.Completion.Guarded())).Message.ShouldBe("the end");
        ended.Runs.ShouldBe(1);
        reported.ShouldNotContain("the end");
    }

    [Fact]
    public async Task StopChangeAndTicks_AtOnce_AddUp()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        for (var round = 0; round < 100; round++)
        {
            long runs = 0;
            var most = 0;
            var running = 0;
            var work = _runtime.SpawnPeriodic(
                Short,
                async (_, token) =>
                {
                    Interlocked.Increment(ref runs);
                    var now = Interlocked.Increment(ref running);
                    most = Math.Max(most, now);
                    await AsyncRuntime.Yield();
                    Interlocked.Decrement(ref running);
                },
                new PeriodicOptions { Missed = (MissedTicks)random.Next(2), InitialDelay = TimeSpan.Zero, Rhythm = (PeriodicRhythm)random.Next(2) });
            var spins = random.Next(20_000);
            await Task.WhenAll(
                Task.Run(() =>
                {
                    Thread.SpinWait(spins);
                    work.Change(TimeSpan.FromMilliseconds(2));
                }),
                Task.Run(async () =>
                {
                    Thread.SpinWait(spins);
                    await work.DisposeAsync();
                })).Guarded();

            work.Running.ShouldBe(0, $"seed {seed}");
            work.Runs.ShouldBe(Volatile.Read(ref runs), $"seed {seed}");
            most.ShouldBeLessThanOrEqualTo(1, $"seed {seed}");
            work.Completion.IsCompletedSuccessfully.ShouldBeTrue($"seed {seed}");
        }
    }
}
