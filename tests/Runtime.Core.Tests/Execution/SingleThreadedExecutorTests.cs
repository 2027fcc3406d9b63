using Runtime.Core.Execution;

namespace Runtime.Core.Tests.Execution;

/// <summary>What one call of BlockOn, RunUntilStalled and Spawn does.</summary>
public sealed partial class SingleThreadedExecutorTests
{
    [Fact]
    public void BlockOn_WorkThatAwaits_RunsEveryLegOnTheCallingThreadAndReturnsTheResult()
    {
        using var executor = new SingleThreadedExecutor();
        var threads = new HashSet<int>();

        var result = executor.BlockOn(async _ =>
        {
            threads.Add(Environment.CurrentManagedThreadId);
            await Task.Yield();
            threads.Add(Environment.CurrentManagedThreadId);
            await AsyncRuntime.Yield();
            threads.Add(Environment.CurrentManagedThreadId);
            await Task.Run(static () => { }, CancellationToken.None);
            threads.Add(Environment.CurrentManagedThreadId);
            return 42;
        });

        result.ShouldBe(42);
        threads.ShouldBe([Environment.CurrentManagedThreadId]);
    }

    [Fact]
    public void BlockOn_WorkThrows_SurfacesTheExceptionUnwrapped()
    {
        using var executor = new SingleThreadedExecutor();

        Should.Throw<FormatException>(() => executor.BlockOn(static _ => throw new FormatException("at once"))).Message.ShouldBe("at once");
        Should.Throw<FormatException>(() => executor.BlockOn(async _ =>
        {
            await Task.Yield();
            throw new FormatException("later");
        })).Message.ShouldBe("later");
        executor.LiveTasks.ShouldBe(0);
    }

    [Fact]
    public void BlockOn_CancelledFromOutside_CancelsTheTokenOfTheWork()
    {
        using var executor = new SingleThreadedExecutor();
        using var source = new CancellationTokenSource();

        Should.Throw<OperationCanceledException>(() => executor.BlockOn(
            async ct =>
            {
                await source.CancelAsync();
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct);
            },
            source.Token));
    }

    [Fact]
    public void BlockOn_CancelledBefore_NeverCallsTheDelegate()
    {
        using var executor = new SingleThreadedExecutor();
        var called = false;

        Should.Throw<OperationCanceledException>(() => executor.BlockOn(
            _ =>
            {
                called = true;
                return ValueTask.CompletedTask;
            },
            new CancellationToken(canceled: true)));

        called.ShouldBeFalse();
    }

    [Fact]
    public void BlockOn_FromItsOwnWork_SaysThatItWouldWaitForItself()
    {
        using var executor = new SingleThreadedExecutor();

        var nested = Should.Throw<InvalidOperationException>(() => executor.BlockOn(_ =>
        {
            executor.BlockOn(static _ => ValueTask.CompletedTask);
            return ValueTask.CompletedTask;
        }));

        nested.Message.ShouldBe(
            "This executor is running on this thread already: its own work has called BlockOn, RunUntilStalled, RunFor or Stop, which would wait for itself. "
            + "Await instead, or Spawn.");
        executor.BlockOn(static _ => ValueTask.FromResult(1)).ShouldBe(1);
    }

    [Fact]
    public async Task BlockOn_WhileAnotherThreadDrives_NamesThatThread()
    {
        using var executor = new SingleThreadedExecutor();
        var inside = Waiting.NewSignal<int>();
        var leave = Waiting.NewSignal();
        var driving = OnThread(() => executor.BlockOn(async _ =>
        {
            inside.SetResult(Environment.CurrentManagedThreadId);
            await leave.Task;
        }));
        var id = await inside.Task.Guarded();

        var failure = Should.Throw<InvalidOperationException>(() => executor.RunUntilStalled());

        failure.Message.ShouldBe($"This executor is running on another thread (managed id {id}). One thread at a time may drive it; Spawn may be called from any.");
        leave.SetResult();
        await driving.Guarded();
        executor.RunUntilStalled().ShouldBe(0);
    }

    [Fact]
    public void BlockOn_OnOneExecutorInsideAnother_BothComeHome()
    {
        using var outer = new SingleThreadedExecutor();
        using var inner = new SingleThreadedExecutor();

        outer.BlockOn(async _ =>
        {
            inner.BlockOn(async _ =>
            {
                await Task.Yield();
                SingleThreadedExecutor.Current.ShouldBeSameAs(inner);
            });
            SingleThreadedExecutor.Current.ShouldBeSameAs(outer);
            await Task.Yield();
            SingleThreadedExecutor.Current.ShouldBeSameAs(outer);
        });

        SingleThreadedExecutor.Current.ShouldBeNull();
    }

    [Fact]
    public async Task BlockOn_NothingIsReady_SleepsUntilAnotherThreadWakesIt()
    {
        using var executor = new SingleThreadedExecutor();
        var wake = Waiting.NewSignal();
        var waiting = Waiting.NewSignal();
        var driving = OnThread(() => executor.BlockOn(async _ =>
        {
            waiting.SetResult();
            await wake.Task;
        }));

        await waiting.Task.Guarded();
        wake.SetResult();

        await driving.Guarded();
    }

    [Fact]
    public async Task BlockOn_WokenOverAndOverByAnotherThread_LosesNoWakeUp()
    {
        const int Rounds = 20_000;
        using var executor = new SingleThreadedExecutor();
        TaskCompletionSource? next = null;
        var driving = OnThread(() => executor.BlockOn(async _ =>
        {
            for (var i = 0; i < Rounds; i++)
            {
                var wake = Waiting.NewSignal();
                Volatile.Write(ref next, wake);
                await wake.Task;
            }
        }));
        var waking = OnThread(() =>
        {
            for (var i = 0; i < Rounds; i++)
            {
                TaskCompletionSource? wake;
                while ((wake = Interlocked.Exchange(ref next, null)) is null)
                {
                    Thread.Yield();
                }

                Thread.SpinWait(i % 64); // now before the driver parks, now after
                wake.SetResult();
            }
        });

        await Task.WhenAll(driving, waking).Guarded();
    }

    [Fact]
    public void RunUntilStalled_TaskWaits_IsKeptAndGoesOnWhenWoken()
    {
        using var executor = new SingleThreadedExecutor();
        var wake = Waiting.NewSignal();
        var task = executor.Spawn(async _ =>
        {
            await wake.Task;
            await Task.Yield();
        });

        executor.RunUntilStalled().ShouldBe(1);
        task.IsCompleted.ShouldBeFalse();
        executor.LiveTasks.ShouldBe(1);
        executor.RunUntilStalled().ShouldBe(0);
        wake.SetResult();
        executor.RunUntilStalled().ShouldBe(2);

        task.IsCompletedSuccessfully.ShouldBeTrue();
        executor.LiveTasks.ShouldBe(0);
    }

    [Fact]
    public async Task Spawn_NothingDrives_RunsNoPartOfTheWork()
    {
        using var executor = new SingleThreadedExecutor();
        var ran = false;

        var task = executor.Spawn(_ =>
        {
            ran = true;
            return ValueTask.FromResult(7);
        });

        ran.ShouldBeFalse();
        executor.RunUntilStalled().ShouldBe(1);
        (await task).ShouldBe(7);
    }

    [Fact]
    public void Spawn_WorkFailsOrIsCancelled_TheTaskSaysSo()
    {
        using var executor = new SingleThreadedExecutor();
        using var source = new CancellationTokenSource();
        var failed = executor.Spawn(static _ => throw new FormatException());
        var cancelled = executor.Spawn(async ct => await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct), options: null, source.Token);
        executor.RunUntilStalled();

        source.Cancel();
        executor.RunUntilStalled();

        failed.Exception!.InnerException.ShouldBeOfType<FormatException>();
        cancelled.IsCanceled.ShouldBeTrue();
    }

    [Fact]
    public void Constructor_ImpossibleOptions_SayWhatToDo()
    {
        Should.Throw<ArgumentException>(() => new SingleThreadedExecutor(new SingleThreadedExecutorOptions { ThrowWhenStalled = true })).Message.ShouldBe(
            "ThrowWhenStalled is true with a SystemTimeProvider; it needs a VirtualClock, because no other clock can tell whether a timer is armed. "
            + "Set TimeProvider to a new VirtualClock. (Parameter 'options')");
        Should.Throw<ArgumentException>(() => new SingleThreadedExecutor(new SingleThreadedExecutorOptions { TimeProvider = null! })).Message.ShouldBe(
            "TimeProvider is null; it must be a clock. Leave it out for real time. (Parameter 'options')");
        using var executor = new SingleThreadedExecutor();
        Should.Throw<InvalidOperationException>(() => executor.RunFor(TimeSpan.Zero)).Message.ShouldBe(
            "RunFor moves the clock, which a SystemTimeProvider does not allow. Set SingleThreadedExecutorOptions.TimeProvider to a new VirtualClock.");
    }

    // A thread of its own: the executor must not depend on where it is driven.
    internal static Task OnThread(Action action)
    {
        var done = Waiting.NewSignal();
        new Thread(() =>
        {
            try
            {
                action();
                done.SetResult();
            }
            catch (Exception exception)
            {
                done.SetException(exception);
            }
        }) { IsBackground = true }.Start();
        return done.Task;
    }
}
