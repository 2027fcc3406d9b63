using Runtime.Core.Execution;
using Runtime.Core.Timing;

namespace Runtime.Core.Tests.Execution;

/// <summary>How a single-threaded executor ends.</summary>
public sealed class SingleThreadedExecutorStopTests
{
    [Fact]
    public void Stop_LiveTasks_AreCancelledAndTheReportAddsUp()
    {
        var executor = new SingleThreadedExecutor(new SingleThreadedExecutorOptions { TimeProvider = new VirtualClock() });
        var obeys = executor.Spawn(ct => new ValueTask(Task.Delay(TimeSpan.FromHours(1), executor.TimeProvider, ct)));
        var finishes = executor.Spawn(async ct =>
        {
            try
            {
                await Task.Delay(TimeSpan.FromHours(1), executor.TimeProvider, ct);
            }
            catch (OperationCanceledException)
            {
                await Task.Yield(); // what it still has to do
            }
        });
        var ignores = executor.Spawn(_ => new ValueTask(Task.Delay(TimeSpan.FromHours(1), executor.TimeProvider, CancellationToken.None)));
        executor.RunUntilStalled();
        var unstarted = executor.Spawn(static _ => ValueTask.CompletedTask);

        var report = executor.Stop();

        (report.Completed, report.Cancelled, report.Abandoned).ShouldBe((1, 2, 1));
        executor.LiveTasks.ShouldBe(1);
        obeys.IsCanceled.ShouldBeTrue();
        finishes.IsCompletedSuccessfully.ShouldBeTrue();
        ignores.IsCompleted.ShouldBeFalse();
        unstarted.IsCanceled.ShouldBeTrue();
        executor.Stop().ShouldBeSameAs(report);
    }

    [Fact]
    public async Task Stop_ContinuationComesLater_RunsOnTheThreadPool()
    {
        var executor = new SingleThreadedExecutor();
        var late = Waiting.NewSignal();
        var task = executor.Spawn(async _ =>
        {
            await late.Task;
            await Task.Yield();
            return Thread.CurrentThread.IsThreadPoolThread;
        });
        executor.RunUntilStalled();
        executor.Dispose();

        late.SetResult();

        (await task.Guarded()).ShouldBeTrue();
        executor.LiveTasks.ShouldBe(0);
        var posted = Waiting.NewSignal();
        executor.SynchronizationContext.Post(_ => posted.SetResult(), state: null);
        await posted.Task.Guarded();
        await Task.Factory.StartNew(static () => { }, CancellationToken.None, TaskCreationOptions.None, executor.TaskScheduler).Guarded();
    }

    [Fact]
    public async Task Stop_WorkThatNeverRests_IsGivenUp()
    {
        var executor = new SingleThreadedExecutor();
        var end = false;
        var task = executor.Spawn(async _ =>
        {
            while (!Volatile.Read(ref end))
            {
                await Task.Yield();
            }
        });
        executor.BlockOn(static async _ => await Task.Yield());

        executor.Stop().Abandoned.ShouldBe(1);

        Volatile.Write(ref end, true);
        await task.Guarded();
    }

    [Fact]
    public void Stop_WorkSpawnsMore_FindsItCancelled()
    {
        var executor = new SingleThreadedExecutor();
        Task? second = null;
        _ = executor.Spawn(async ct =>
        {
            using var registration = ct.Register(() => second = executor.Spawn(static _ => ValueTask.CompletedTask));
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct);
        });
        executor.RunUntilStalled();

        executor.Stop().Live.ShouldBe(1);

        second!.IsCanceled.ShouldBeTrue();
    }

    [Fact]
    public void Stop_PostedDelegateThrows_ReportsItAfterTheStop()
    {
        var executor = new SingleThreadedExecutor();
        executor.SynchronizationContext.Post(static _ => throw new FormatException("first"), state: null);
        executor.SynchronizationContext.Post(static _ => throw new FormatException("second"), state: null);

        Should.Throw<FormatException>(() => executor.Stop()).Message.ShouldBe("first");

        executor.Stop().Live.ShouldBe(0);
        Should.Throw<RuntimeNotRunningException>(() => executor.RunUntilStalled());
        Should.Throw<RuntimeNotRunningException>(() => { _ = executor.Spawn(static _ => ValueTask.CompletedTask); });
        Should.Throw<RuntimeNotRunningException>(() => executor.BlockOn(static _ => ValueTask.CompletedTask));
    }

    [Fact]
    public void Stop_FromItsOwnWork_SaysThatItWouldWaitForItself()
    {
        using var executor = new SingleThreadedExecutor();

        Should.Throw<InvalidOperationException>(() => executor.BlockOn(_ =>
        {
            executor.Dispose();
            return ValueTask.CompletedTask;
        })).Message.ShouldStartWith("This executor is running on this thread already");
    }

    [Fact]
    public void Stop_VirtualClock_IsFreeForAnotherExecutor()
    {
        var clock = new VirtualClock();
        var options = new SingleThreadedExecutorOptions { TimeProvider = clock };
        var first = new SingleThreadedExecutor(options);
        Should.Throw<InvalidOperationException>(() => new SingleThreadedExecutor(options)).Message.ShouldBe(
            "This VirtualClock is in use by another executor, which decides when it moves. Give each executor a clock of its own, or dispose of the other one first.");

        first.Dispose();

        using var second = new SingleThreadedExecutor(options);
        second.BlockOn(ct => new ValueTask(Task.Delay(TimeSpan.FromDays(1), clock, ct)));
        clock.Elapsed.ShouldBe(TimeSpan.FromDays(1));
    }

    [Fact]
    public async Task Stop_WhileOthersPostAndSpawn_LosesNothing()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        for (var round = 0; round < 200; round++)
        {
            var executor = new SingleThreadedExecutor();
            var posted = 0;
            var ran = 0;
            var tasks = new System.Collections.Concurrent.ConcurrentQueue<Task>();
            using var go = new Barrier(3);
            var pause = random.Next(200);
            var producers = Enumerable.Range(0, 2).Select(_ => SingleThreadedExecutorTests.OnThread(() =>
            {
                go.SignalAndWait();
                try
                {
                    for (var i = 0; i < 200; i++)
                    {
                        Interlocked.Increment(ref posted);
                        executor.SynchronizationContext.Post(_ => Interlocked.Increment(ref ran), state: null);
                        tasks.Enqueue(executor.Spawn(static async _ => await Task.Yield()));
                    }
                }
                catch (RuntimeNotRunningException)
                {
                    // the stop was faster
                }
            })).ToArray();
            go.SignalAndWait();
            Thread.SpinWait(pause);
            executor.RunUntilStalled();
            executor.Stop();

            await Task.WhenAll(producers).Guarded();
            await Task.WhenAny(Task.WhenAll(tasks), Task.Delay(Waiting.HangGuard, TimeProvider.System));
            tasks.ShouldAllBe(static task => task.IsCompleted, $"seed {seed}, round {round}");
            await Timing.RuntimeTimers.UntilAsync(() => Volatile.Read(ref ran) == posted);
        }
    }
}
