using System.Collections.Concurrent;
using FsCheck;
using FsCheck.Fluent;
using static Runtime.Core.Tests.Execution.SingleThreadedExecutorTests;

namespace Runtime.Core.Tests;

/// <summary>Scopes under any interleaving: on one thread drawn from seeds, on several as it comes.</summary>
public sealed class TaskScopeStressTests
{
    [Fact]
    public void RandomPrograms_InAnyInterleaving_KeepTheRules() =>
        Prop.ForAll<int>(static seed =>
        {
            using var runtime = new VirtualRuntime(seed);
            runtime.Run(() => new RandomProgram(runtime.Executor, seed).RunAsync());
            return true;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void RandomPrograms_OfManySeeds_KeepTheRules()
    {
        for (var seed = 0; seed < 1_000; seed++)
        {
            using var runtime = new VirtualRuntime(seed);
            try
            {
                runtime.Run(() => new RandomProgram(runtime.Executor, seed).RunAsync());
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"Failed with seed {seed}.", exception);
            }

            runtime.Executor.RunUntilStalled(); // the husks of children that were cancelled before their turn
            runtime.Executor.LiveTasks.ShouldBe(0, $"seed {seed}");
            runtime.Clock.PendingTimers.ShouldBe(0, $"seed {seed}");
        }
    }

    [Fact]
    public async Task RandomPrograms_OnTheRuntime_KeepTheRules()
    {
        await using var runtime = new AsyncRuntime(new AsyncRuntimeOptions { WorkerThreads = 4 });
        await runtime.StartAsync();
        var first = Random.Shared.Next();
        await Task.WhenAll(Enumerable.Range(0, 200).Select(i => new RandomProgram(runtime, first + i).RunAsync())).Guarded();
    }

    [Fact]
    public async Task Spawn_RacesWithTheClose_LosesNoChild()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        await using var runtime = new AsyncRuntime(new AsyncRuntimeOptions { WorkerThreads = 2 });
        await runtime.StartAsync();
        for (var round = 0; round < 300; round++)
        {
            var scope = runtime.OpenScope(new TaskScopeOptions { MaxConcurrency = random.Next(3) });
            var tasks = new ConcurrentQueue<Task>();
            var ended = 0;
            using var go = new Barrier(3);
            var spawners = Enumerable.Range(0, 2).Select(_ => OnThread(() =>
            {
                go.SignalAndWait();
                try
                {
                    for (var i = 0; i < 100; i++)
                    {
                        tasks.Enqueue(scope.Spawn(async _ =>
                        {
                            await AsyncRuntime.Yield();
                            Interlocked.Increment(ref ended);
                        }));
                    }
                }
                catch (InvalidOperationException)
                {
                    // closed
                }
            })).ToArray();
            go.SignalAndWait();
            Thread.SpinWait(random.Next(3_000));
            var cancels = random.Next(3) == 0;
            if (cancels)
            {
                scope.Cancel();
            }

            await scope.JoinAsync().Guarded();
            var atTheEnd = Volatile.Read(ref ended);
            await Task.WhenAll(spawners).Guarded();

            tasks.ShouldAllBe(static task => task.IsCompleted, $"seed {seed}, round {round}");
            var ran = tasks.Count(static task => task.IsCompletedSuccessfully);
            (atTheEnd, ended).ShouldBe((ran, ran), $"seed {seed}, round {round}");
            if (!cancels)
            {
                ran.ShouldBe(tasks.Count, $"seed {seed}, round {round}");
            }
        }
    }

    [Fact]
    public async Task RuntimeStops_DuringAScope_TheScopeEnds()
    {
        for (var round = 0; round < 30; round++)
        {
            var options = new AsyncRuntimeOptions { WorkerThreads = 2 };
            options.Shutdown.DrainTimeout = TimeSpan.Zero;
            var runtime = new AsyncRuntime(options);
            await runtime.StartAsync();
            var scope = runtime.OpenScope(new TaskScopeOptions { MaxConcurrency = round % 3, FailureMode = TaskScopeFailureMode.Supervise });
            var tasks = Enumerable.Range(0, 100)
                .Select(_ => scope.Spawn(async ct => await Task.Delay(Timeout.InfiniteTimeSpan, runtime.TimeProvider, ct))).ToArray();

            var stop = runtime.StopAsync();

            (await Should.ThrowAsync<OperationCanceledException>(scope.JoinAsync().Guarded())).CancellationToken.ShouldBe(runtime.Stopping);
            tasks.ShouldAllBe(static task => task.IsCanceled);
            (await stop.Guarded()).Abandoned.ShouldBe(0);
        }
    }

    /// <summary>A tree of scopes and children that yield, wait, fail, cancel and spawn at random, and check the rules where they end.</summary>
    private sealed class RandomProgram(ITaskSpawner spawner, int seed)
    {
        private readonly Random _random = new(seed);
        private int _budget = 60;

        public Task RunAsync() => ScopeAsync(spawner, depth: 0);

        private int Next(int most)
        {
            lock (_random)
            {
                return _random.Next(most);
            }
        }

        private async Task ScopeAsync(ITaskSpawner on, int depth)
        {
            var options = new TaskScopeOptions
            {
                FailureMode = (TaskScopeFailureMode)Next(2),
                MaxConcurrency = Next(4),
                Deadline = Next(3) == 0 ? TimeSpan.FromMilliseconds(Next(10)) : null,
            };
            var tasks = new ConcurrentQueue<Task>();
            var running = 0;
            Exception? outcome = null;
            TaskScope? opened = null;
            try
            {
                await TaskScope.RunAsync(
                    on,
                    async (scope, ct) =>
                    {
                        opened = scope;
                        await BodyAsync(scope, ct);
                    },
                    options);
            }
            catch (Exception exception)
            {
                outcome = exception;
            }

            // Nothing outlives the scope.
            Volatile.Read(ref running).ShouldBe(0);
            tasks.ShouldAllBe(static task => task.IsCompleted);

            // Every failure comes out, each once, and nothing else does.
            var failed = tasks.Where(static task => task.IsFaulted).SelectMany(static task => task.Exception!.InnerExceptions).ToHashSet();
            var reported = outcome is TaskScopeException scopeFailure ? scopeFailure.InnerExceptions : [];
            reported.Distinct().Count().ShouldBe(reported.Count);
            failed.IsSubsetOf(reported).ShouldBeTrue();
            reported.Except(failed).Count().ShouldBeLessThanOrEqualTo(1); // that of the body
            if (outcome is not null)
            {
                (outcome is TaskScopeException or TimeoutException or OperationCanceledException).ShouldBeTrue(outcome.ToString());
            }

            // What was cancelled was cancelled for a reason.
            if (tasks.Any(static task => task.IsCanceled))
            {
                opened!.CancellationToken.IsCancellationRequested.ShouldBeTrue();
            }

            async ValueTask BodyAsync(TaskScope scope, CancellationToken ct)
            {
                Interlocked.Increment(ref running);
                try
                {
                    for (var step = Next(5); step >= 0; step--)
                    {
                        await StepAsync(scope, ct);
                    }
                }
                finally
                {
                    Interlocked.Decrement(ref running);
                }
            }

            async ValueTask StepAsync(TaskScope scope, CancellationToken ct)
            {
                switch (Next(12))
                {
                    case < 4 when Interlocked.Decrement(ref _budget) > 0:
                        tasks.Enqueue(scope.Spawn(ct => BodyAsync(scope, ct)));
                        break;
                    case < 5 when depth < 3:
                        await ScopeAsync(scope, depth + 1);
                        break;
                    case < 7:
                        await AsyncRuntime.Yield();
                        break;
                    case < 10:
                        await Task.Delay(TimeSpan.FromMilliseconds(Next(6)), scope.TimeProvider, ct);
                        break;
                    case 10 when Next(3) == 0:
                        throw new FormatException("on purpose");
                    case 11 when Next(4) == 0:
                        scope.Cancel();
                        break;
                }
            }
        }
    }
}
