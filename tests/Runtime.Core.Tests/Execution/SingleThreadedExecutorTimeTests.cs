using Runtime.Core.Execution;
using Runtime.Core.Timing;

namespace Runtime.Core.Tests.Execution;

/// <summary>Virtual time: nothing here waits, however long it says it does.</summary>
public sealed class SingleThreadedExecutorTimeTests : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly VirtualClock _clock = new();
    private readonly SingleThreadedExecutor _executor;

    public SingleThreadedExecutorTimeTests() => _executor = new(new SingleThreadedExecutorOptions { TimeProvider = _clock, ThrowWhenStalled = true });

    public void Dispose() => _executor.Dispose();

    [Fact]
    public void BlockOn_Delays_TakeTheirVirtualTimeExactly()
    {
        _executor.BlockOn(async ct =>
        {
            await Task.Delay(TimeSpan.FromDays(30), _clock, ct);
            using var timer = new PeriodicTimer(Second, _clock);
            for (var i = 0; i < 100; i++)
            {
                await timer.WaitForNextTickAsync(ct);
            }

            using var source = new CancellationTokenSource(Second, _clock);
            await Task.Delay(Timeout.InfiniteTimeSpan, _clock, source.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            source.IsCancellationRequested.ShouldBeTrue();
        });

        _clock.Elapsed.ShouldBe(TimeSpan.FromDays(30) + (101 * Second));
        _clock.GetUtcNow().ShouldBe(new DateTimeOffset(2000, 1, 31, 0, 1, 41, TimeSpan.Zero));
    }

    [Fact]
    public void BlockOn_TimersDueTogether_FireInTheOrderOfCreation()
    {
        var log = new List<int>();
        _executor.BlockOn(async _ =>
        {
            var delays = new List<Task>();
            for (var i = 0; i < 100; i++)
            {
                var number = i;
                delays.Add(_executor.Spawn(async ct =>
                {
                    await Task.Delay(TimeSpan.FromSeconds(100 - (number % 3)), _clock, ct);
                    log.Add(number);
                }));
            }

            await Task.WhenAll(delays);
        });

        log.ShouldBe(Enumerable.Range(0, 100).OrderByDescending(static number => number % 3).ThenBy(static number => number));
    }

    [Fact]
    public void BlockOn_WorkIsReady_TimeStandsStill()
    {
        _executor.BlockOn(async ct =>
        {
            var delay = Task.Delay(TimeSpan.FromMilliseconds(1), _clock, ct);
            for (var i = 0; i < 1_000; i++)
            {
                await AsyncRuntime.Yield();
                delay.IsCompleted.ShouldBeFalse();
            }

            await delay;
        });

        _clock.Elapsed.ShouldBe(TimeSpan.FromMilliseconds(1));
    }

    [Fact]
    public void RunUntilStalled_TimerPending_NeverMovesTheClock()
    {
        var delay = _executor.Spawn(ct => new ValueTask(Task.Delay(Second, _clock, ct)));

        _executor.RunUntilStalled().ShouldBe(1);
        delay.IsCompleted.ShouldBeFalse();
        _clock.Elapsed.ShouldBe(TimeSpan.Zero);

        _clock.Advance(Second);
        delay.IsCompleted.ShouldBeFalse("only the executor runs callbacks");
        _executor.RunUntilStalled().ShouldBeGreaterThan(0);
        delay.IsCompletedSuccessfully.ShouldBeTrue();
    }

    [Fact]
    public void RunFor_Loops_RunEverythingAtItsTime()
    {
        var log = new List<double>();
        _ = _executor.Spawn(async ct =>
        {
            while (true)
            {
                await Task.Delay(TimeSpan.FromSeconds(3), _clock, ct);
                log.Add(_clock.Elapsed.TotalSeconds);
            }
        });

        _executor.RunFor(TimeSpan.FromSeconds(10)).ShouldBe(4);

        log.ShouldBe([3, 6, 9]);
        _clock.Elapsed.ShouldBe(TimeSpan.FromSeconds(10));
        _executor.RunFor(TimeSpan.FromSeconds(2));
        log.ShouldBe([3, 6, 9, 12]);
    }

    [Fact]
    public void RunFor_ATimerCallback_RunsOnTheExecutorForEachPeriod()
    {
        var log = new List<(double, SingleThreadedExecutor?)>();
        using var timer = _clock.CreateTimer(_ => log.Add((_clock.Elapsed.TotalSeconds, SingleThreadedExecutor.Current)), null, Second, 2 * Second);

        _executor.RunFor(5 * Second).ShouldBe(3);

        log.ShouldBe([(1, _executor), (3, _executor), (5, _executor)]);
    }

    [Fact]
    public void TimerDueAtOnce_WithoutTimePassing_RunsInItsTurn()
    {
        var log = new List<string>();
        _executor.SynchronizationContext.Post(_ => log.Add("before"), state: null);
        using var timer = _clock.CreateTimer(_ => log.Add("timer"), null, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        _executor.SynchronizationContext.Post(_ => log.Add("after"), state: null);

        _executor.RunUntilStalled().ShouldBe(3);

        log.ShouldBe(["before", "timer", "after"]);
    }

    [Fact]
    public void BlockOn_Deadlock_ThrowsInsteadOfHanging()
    {
        var never = Waiting.NewSignal();
        _ = _executor.Spawn(_ => new ValueTask(never.Task));

        var stalled = Should.Throw<ExecutorStalledException>(() => _executor.BlockOn(_ => new ValueTask(never.Task)));

        stalled.LiveTasks.ShouldBe(2);
        stalled.Message.ShouldBe(
            "The executor is stalled: 2 of its tasks wait, none is ready, and no timer is armed. They wait for each other, for something that never happens, "
            + "or for another thread; in the last case set ThrowWhenStalled to false.");
        never.SetResult();
        _executor.RunUntilStalled();
        _executor.LiveTasks.ShouldBe(0);
    }

    [Fact]
    public async Task BlockOn_AutoAdvanceOff_WaitsForSomebodyToMoveTheClock()
    {
        using var executor = new SingleThreadedExecutor(new SingleThreadedExecutorOptions { TimeProvider = new VirtualClock { AutoAdvance = false } });
        var clock = (VirtualClock)executor.TimeProvider;
        var armed = Waiting.NewSignal();
        var driving = SingleThreadedExecutorTests.OnThread(() => executor.BlockOn(async ct =>
        {
            var delay = Task.Delay(Second, clock, ct);
            armed.SetResult();
            await delay;
        }));
        await armed.Task.Guarded();
        clock.Advance(Second - TimeSpan.FromTicks(1));
        driving.IsCompleted.ShouldBeFalse();

        clock.Advance(TimeSpan.FromTicks(1));

        await driving.Guarded();
    }
}
