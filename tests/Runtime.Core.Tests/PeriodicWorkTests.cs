using Runtime.Core.Execution;
using Runtime.Core.Timing;

namespace Runtime.Core.Tests;

/// <summary>Periodic work in virtual time, on one thread: every tick, miss and overlap is exact.</summary>
public sealed class PeriodicWorkTests : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly VirtualClock _clock = new();
    private readonly SingleThreadedExecutor _executor;
    private readonly List<(TimeSpan At, PeriodicTick Tick)> _runs = [];

    public PeriodicWorkTests() => _executor = new SingleThreadedExecutor(new SingleThreadedExecutorOptions { TimeProvider = _clock });

    public void Dispose() => _executor.Dispose();

    [Fact]
    public void FixedRate_KeepsTheRateWhateverARunTakes()
    {
        Repeat(new PeriodicOptions(), takes: TimeSpan.FromMilliseconds(300));

        Sleep(5.5);

        StartsAt().ShouldBe([1, 2, 3, 4, 5]);
        _runs.Select(static r => r.Tick).ShouldBe(Enumerable.Range(1, 5).Select(static n => new PeriodicTick(n, 0, TimeSpan.Zero)));
    }

    [Fact]
    public void FixedDelay_CountsFromTheEndOfTheRun()
    {
        Repeat(new PeriodicOptions { Rhythm = PeriodicRhythm.FixedDelay }, takes: TimeSpan.FromMilliseconds(500));

        Sleep(6);

        StartsAt().ShouldBe([1, 2.5, 4, 5.5]);
    }

    [Fact]
    public void FixedRate_WithoutOverlap_SkipsTheTicksOfALongRun()
    {
        var work = Repeat(new PeriodicOptions(), takes: TimeSpan.FromSeconds(2.5));

        Sleep(9.5);

        StartsAt().ShouldBe([1, 4, 7]);
        _runs.Select(static r => r.Tick.Missed).ShouldBe([0, 2, 2]);
        work.Missed.ShouldBe(6, "2, 3; 5, 6; 8, 9");
    }

    [Fact]
    public void CatchUp_MakesUpForEveryMissedTick()
    {
        var slow = true;
        var work = Repeat(new PeriodicOptions { Missed = MissedTicks.CatchUp }, async _ =>
        {
            if (slow)
            {
                slow = false;
                await Task.Delay(TimeSpan.FromSeconds(3.5), _clock);
            }
        });

        Sleep(6.5);

        StartsAt().ShouldBe([1, 4.5, 4.5, 4.5, 5, 6]);
        _runs.Select(static r => r.Tick.Lateness.TotalSeconds).ShouldBe([0, 2.5, 1.5, 0.5, 0, 0]);
        work.Missed.ShouldBe(0);
    }

    [Fact]
    public void CatchUp_BeyondItsBound_LeavesOutTheOldest()
    {
        var slow = true;
        var work = Repeat(new PeriodicOptions { Missed = MissedTicks.CatchUp, MaxCatchUp = 2 }, async _ =>
        {
            if (slow)
            {
                slow = false;
                await Task.Delay(TimeSpan.FromSeconds(5.5), _clock);
            }
        });

        Sleep(8.5);

        StartsAt().ShouldBe([1, 6.5, 6.5, 7, 8]);
        _runs.Select(static r => r.Tick.Missed).ShouldBe([0, 3, 0, 0, 0]);
        work.Missed.ShouldBe(3);
    }

    [Fact]
    public void Overlap_IsBoundedByTheLimit()
    {
        var most = 0;
        PeriodicWork? work = null;
        work = Repeat(new PeriodicOptions { MaxConcurrency = 2 }, async _ =>
        {
            most = Math.Max(most, work!.Running);
            await Task.Delay(TimeSpan.FromSeconds(2.5), _clock);
        });

        Sleep(9.2);

        StartsAt().ShouldBe([1, 2, 4, 5, 7, 8]);
        most.ShouldBe(2);
        work.Missed.ShouldBe(3, "3, 6, 9");
    }

    [Theory]
    [InlineData(MissedTicks.Skip, 1, 36_000)]
    [InlineData(MissedTicks.CatchUp, 101, 35_900)]
    public void AJumpOfTheClock_MakesNoBurstBeyondTheBound(MissedTicks missed, int runs, long left)
    {
        // A clock that nobody fires the timers of in between: a machine that was suspended.
        var clock = new JumpingClock();
        using var executor = new SingleThreadedExecutor(new SingleThreadedExecutorOptions { TimeProvider = clock });
        var work = executor.SpawnPeriodic(Second, static (_, _) => ValueTask.CompletedTask, new PeriodicOptions { Missed = missed });

        clock.JumpBy(TimeSpan.FromSeconds(36_001));
        executor.RunUntilStalled();

        work.Runs.ShouldBe(runs);
        work.Missed.ShouldBe(left);
        clock.JumpBy(Second);
        executor.RunUntilStalled();
        work.Runs.ShouldBe(runs + 1);
    }

    [Fact]
    public void FixedRate_AfterALateTick_KeepsTheRate()
    {
        var clock = new JumpingClock();
        using var executor = new SingleThreadedExecutor(new SingleThreadedExecutorOptions { TimeProvider = clock });
        var work = executor.SpawnPeriodic(Second, static (_, _) => ValueTask.CompletedTask);

        JumpBy(1.5, runs: 1); // half a second late
        JumpBy(0.4, runs: 1);
        JumpBy(0.1, runs: 2);
        JumpBy(0.9, runs: 2);
        JumpBy(0.1, runs: 3);

        void JumpBy(double seconds, int runs)
        {
            clock.JumpBy(TimeSpan.FromSeconds(seconds));
            executor.RunUntilStalled();
            work.Runs.ShouldBe(runs);
        }
    }

    [Fact]
    public async Task Dispose_BeforeARunHasBegun_TakesItBack()
    {
        var clock = new JumpingClock();
        using var executor = new SingleThreadedExecutor(new SingleThreadedExecutorOptions { TimeProvider = clock });
        var begun = 0;
        var work = executor.SpawnPeriodic(Second, (_, _) =>
        {
            begun++;
            return ValueTask.CompletedTask;
        });
        clock.JumpBy(Second);
        work.Running.ShouldBe(1, "it is queued");

        var disposal = work.DisposeAsync().AsTask();
        executor.RunUntilStalled();

        await disposal.Guarded();
        (begun, work.Runs, work.Running, work.Failed).ShouldBe((0, 0, 0, 0));
    }

    [Fact]
    public void InitialDelay_ZeroStartsAtOnce()
    {
        Repeat(new PeriodicOptions { InitialDelay = TimeSpan.Zero }, takes: TimeSpan.Zero);

        Sleep(2.5);

        StartsAt().ShouldBe([0, 1, 2]);
    }

    [Fact]
    public void Change_CountsFromNow()
    {
        var work = Repeat(new PeriodicOptions(), takes: TimeSpan.Zero);

        Sleep(1.5);
        work.Change(TimeSpan.FromSeconds(3)).ShouldBeTrue();
        Sleep(7.5);

        StartsAt().ShouldBe([1, 4.5, 7.5]);
        work.Stop();
        work.Change(Second).ShouldBeFalse();
    }

    [Fact]
    public void AFailure_IsCountedAndTheNextRunComes()
    {
        var work = Repeat(new PeriodicOptions(), static tick => tick.Number == 2 ? throw new InvalidOperationException("second") : ValueTask.CompletedTask);

        Sleep(3.5);

        work.Runs.ShouldBe(3);
        work.Failed.ShouldBe(1);
        work.LastError!.Message.ShouldBe("second");
        work.Completion.IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public void StopOnError_EndsWithTheFailureWhenTheOtherRunsHaveEnded()
    {
        var work = Repeat(new PeriodicOptions { StopOnError = true, MaxConcurrency = 2 }, async tick =>
        {
            if (tick.Number == 2)
            {
                throw new InvalidOperationException("second");
            }

            await Task.Delay(TimeSpan.FromSeconds(5), _clock);
        });

        Sleep(3);
        work.Completion.IsCompleted.ShouldBeFalse("the first run goes on");
        Sleep(4);

        work.Completion.Exception!.InnerException!.Message.ShouldBe("second");
        work.Runs.ShouldBe(2);
    }

    [Fact]
    public void Stop_LetsTheRunEnd_DisposeCancelsIt()
    {
        var stopped = Repeat(new PeriodicOptions(), takes: Second);
        Sleep(1.5);
        stopped.Stop();
        stopped.Completion.IsCompleted.ShouldBeFalse();
        Sleep(2);
        stopped.Completion.IsCompletedSuccessfully.ShouldBeTrue();
        stopped.Runs.ShouldBe(1);

        var cancelled = false;
        var disposed = _executor.SpawnPeriodic(Second, async (_, token) =>
        {
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, _clock, token);
            }
            finally
            {
                cancelled = token.IsCancellationRequested;
            }
        });
        Sleep(1.5);
        _executor.BlockOn(async _ => await disposed.DisposeAsync());
        cancelled.ShouldBeTrue();
        disposed.Running.ShouldBe(0);
        disposed.Failed.ShouldBe(0);
    }

    [Fact]
    public void Token_StopsIt()
    {
        using var source = new CancellationTokenSource();
        var work = _executor.SpawnPeriodic(Second, static (_, _) => ValueTask.CompletedTask, cancellationToken: source.Token);
        Sleep(2.5);
        source.Cancel();
        Sleep(2);

        work.Runs.ShouldBe(2);
        work.Completion.IsCompletedSuccessfully.ShouldBeTrue();

        var never = _executor.SpawnPeriodic(Second, static (_, _) => ValueTask.CompletedTask, cancellationToken: source.Token);
        never.Completion.IsCompletedSuccessfully.ShouldBeTrue("its token was cancelled before");
    }

    [Fact]
    public void EndOfTheExecutor_EndsIt()
    {
        var work = Repeat(new PeriodicOptions(), takes: TimeSpan.Zero);

        _executor.Stop();

        work.Completion.IsCompleted.ShouldBeTrue();
        Should.Throw<InvalidOperationException>(() => Repeat(new PeriodicOptions(), takes: TimeSpan.Zero));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(0x1_0000_0000)]
    public void Period_OutOfRange_Throws(double milliseconds)
    {
        Should.Throw<ArgumentOutOfRangeException>(() => _executor.SpawnPeriodic(TimeSpan.FromMilliseconds(milliseconds), static (_, _) => default)).ParamName.ShouldBe("period");
    }

    [Fact]
    public void Options_OutOfRange_ThrowAndSayWhichOne()
    {
        Throws(new PeriodicOptions { MaxConcurrency = 0 }).ShouldContain("MaxConcurrency must be from 1 to 10,000");
        Throws(new PeriodicOptions { MaxCatchUp = 0 }).ShouldContain("MaxCatchUp must be from 1 to 1,000,000");
        Throws(new PeriodicOptions { InitialDelay = TimeSpan.FromSeconds(-1) }).ShouldContain("InitialDelay must be");
        Throws(new PeriodicOptions { Slack = TimeSpan.FromSeconds(-1) }).ShouldContain("Slack must be");
        Throws(new PeriodicOptions { Rhythm = PeriodicRhythm.FixedDelay, MaxConcurrency = 2 }).ShouldContain("so it must be 1");
        Throws(new PeriodicOptions { Missed = (MissedTicks)7 }).ShouldContain("defined values");

        string Throws(PeriodicOptions options) =>
            Should.Throw<ArgumentException>(() => _executor.SpawnPeriodic(Second, static (_, _) => default, options)).Message;
    }

    private PeriodicWork Repeat(PeriodicOptions options, TimeSpan takes) => Repeat(options, async _ =>
    {
        if (takes > TimeSpan.Zero)
        {
            await Task.Delay(takes, _clock);
        }
    });

    private PeriodicWork Repeat(PeriodicOptions options, Func<PeriodicTick, ValueTask> run) => _executor.SpawnPeriodic(
        Second,
        (tick, _) =>
        {
            _runs.Add((_clock.Elapsed, tick));
            return run(tick);
        },
        options);

    private void Sleep(double seconds) => _executor.BlockOn(async _ => await Task.Delay(TimeSpan.FromSeconds(seconds), _clock));

    private IEnumerable<double> StartsAt() => _runs.Select(static r => r.At.TotalSeconds);

    /// <summary>A clock that jumps: the timers that it has passed fire then, once, as those of a machine that wakes up.</summary>
    private sealed class JumpingClock : TimeProvider
    {
        private readonly List<Timer> _timers = [];
        private TimeSpan _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now.Ticks;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = new Timer(this, () => callback(state));
            timer.Change(dueTime, period);
            _timers.Add(timer);
            return timer;
        }

        public void JumpBy(TimeSpan time)
        {
            _now += time;
            foreach (var timer in _timers.ToArray())
            {
                timer.FireIfDue();
            }
        }

        private sealed class Timer(JumpingClock clock, Action fire) : ITimer
        {
            private TimeSpan _due = TimeSpan.MaxValue;

            public bool Change(TimeSpan dueTime, TimeSpan period)
            {
                _due = dueTime == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : clock._now + dueTime;
                return true;
            }

            public void FireIfDue()
            {
                if (_due <= clock._now)
                {
                    _due = TimeSpan.MaxValue;
                    fire();
                }
            }

            public void Dispose() => _due = TimeSpan.MaxValue;

            public ValueTask DisposeAsync()
            {
                Dispose();
                return default;
            }
        }
    }
}
