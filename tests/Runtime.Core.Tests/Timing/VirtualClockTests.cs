using FsCheck;
using FsCheck.Fluent;
using Runtime.Core.Timing;
using static Runtime.Core.Tests.Timing.RuntimeTimers;

namespace Runtime.Core.Tests.Timing;

/// <summary>The virtual clock on its own: callbacks run inside Advance.</summary>
public sealed class VirtualClockTests
{
    private readonly VirtualClock _clock = new();

    [Fact]
    public void Now_StandsStillAndMovesByAdvance()
    {
        var start = new DateTimeOffset(2026, 3, 1, 13, 0, 0, TimeSpan.FromHours(1));
        var clock = new VirtualClock(start);
        var timestamp = clock.GetTimestamp();

        clock.GetUtcNow().ShouldBe(start);
        clock.GetUtcNow().Offset.ShouldBe(TimeSpan.Zero);
        clock.Advance(TimeSpan.FromHours(2));

        clock.GetUtcNow().ShouldBe(start.AddHours(2));
        clock.GetElapsedTime(timestamp).ShouldBe(TimeSpan.FromHours(2));
        clock.Elapsed.ShouldBe(TimeSpan.FromHours(2));
        clock.GetLocalNow().Offset.ShouldBe(TimeSpan.Zero);
        new VirtualClock().GetUtcNow().ShouldBe(new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero));
    }

    [Fact]
    public void Advance_TimersOnTheWay_EachFindsItsTime()
    {
        var log = new List<(string, double)>();
        using var once = _clock.CreateTimer(_ => log.Add(("once", _clock.Elapsed.TotalSeconds)), null, TimeSpan.FromSeconds(3), Never);
        using var often = _clock.CreateTimer(_ => log.Add(("often", _clock.Elapsed.TotalSeconds)), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));

        _clock.Advance(TimeSpan.FromSeconds(4));

        log.ShouldBe([("often", 1), ("once", 3), ("often", 3)]);
        _clock.Elapsed.ShouldBe(TimeSpan.FromSeconds(4));
        _clock.PendingTimers.ShouldBe(1);
    }

    [Fact]
    public void Advance_CallbackMakesATimerThatIsDueOnTheWay_FiresItToo()
    {
        var log = new List<double>();
        using var first = _clock.CreateTimer(
            _ =>
            {
                log.Add(_clock.Elapsed.TotalSeconds);
                _ = _clock.CreateTimer(_ => log.Add(_clock.Elapsed.TotalSeconds), null, TimeSpan.FromSeconds(1), Never);
            },
            null,
            TimeSpan.FromSeconds(1),
            Never);

        _clock.Advance(TimeSpan.FromSeconds(2));

        log.ShouldBe([1, 2]);
    }

    [Fact]
    public void Advance_DueTogether_FireInTheOrderOfCreationWhateverWasChanged()
    {
        var log = new List<int>();
        var timers = Enumerable.Range(0, 10).Select(number => _clock.CreateTimer(_ => log.Add(number), null, Never, Never)).ToArray();
        foreach (var timer in timers.Reverse())
        {
            timer.Change(TimeSpan.FromSeconds(1), Never);
        }

        _clock.Advance(TimeSpan.FromSeconds(1));

        log.ShouldBe(Enumerable.Range(0, 10));
    }

    [Fact]
    public void Advance_DueNow_WaitsForAnAdvanceOfZero()
    {
        var called = false;
        using var timer = _clock.CreateTimer(_ => called = true, null, TimeSpan.Zero, Never);

        called.ShouldBeFalse();
        _clock.Advance(TimeSpan.Zero);

        called.ShouldBeTrue();
    }

    [Fact]
    public void Advance_CallbackThrows_EndsThere()
    {
        using var bad = _clock.CreateTimer(static _ => throw new FormatException(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        var called = false;
        using var good = _clock.CreateTimer(_ => called = true, null, TimeSpan.FromSeconds(1), Never);

        Should.Throw<FormatException>(() => _clock.Advance(TimeSpan.FromMinutes(1)));
        _clock.Elapsed.ShouldBe(TimeSpan.FromSeconds(1));
        called.ShouldBeFalse();

        bad.Dispose();
        _clock.Advance(TimeSpan.Zero);
        called.ShouldBeTrue();
    }

    [Fact]
    public void Advance_BackwardsOrPastTheEndOfTime_Throws()
    {
        Should.Throw<ArgumentOutOfRangeException>(() => _clock.Advance(TimeSpan.FromTicks(-1))).ParamName.ShouldBe("by");
        Should.Throw<ArgumentOutOfRangeException>(() => _clock.Advance(TimeSpan.MaxValue)).ParamName.ShouldBe("by");
        _clock.Advance(TimeSpan.FromDays(365 * 7_000));
        _clock.GetUtcNow().Year.ShouldBe(8995);
    }

    [Fact]
    public void Timers_AnyHistory_AgreeWithASortedReference() =>
        Prop.ForAll<(byte Kind, short Due, byte Which)[]>(static steps => Agrees(steps.Select(static step => ((int)step.Kind, (int)step.Due, (int)step.Which)))).QuickCheckThrowOnFailure();

    [Fact]
    public void Timers_ALongHistoryOfMany_AgreesWithASortedReference()
    {
        for (var seed = 0; seed < 30; seed++)
        {
            var random = new Random(seed);
            // Seldom an advance, so that the heap grows deep.
            Agrees(Enumerable.Range(0, 2_000).Select(_ => (random.Next(40) == 0 ? 4 : random.Next(4), random.Next(10_000), random.Next(int.MaxValue))))
                .ShouldBeTrue($"seed {seed}");
        }
    }

    private static bool Agrees(IEnumerable<(int Kind, int Due, int Which)> steps)
    {
        var clock = new VirtualClock();
        var log = new List<int>();
        var wanted = new List<int>();
        var timers = new List<ITimer>();
        var due = new List<long?>();
        foreach (var (kind, time, which) in steps)
        {
            var span = TimeSpan.FromMilliseconds(Math.Abs(time) % 1_000);
            var chosen = timers.Count == 0 ? -1 : which % timers.Count;
            switch (kind % 5)
            {
                case 0 or 1:
                    var number = timers.Count;
                    timers.Add(clock.CreateTimer(_ => log.Add(number), null, span, Never));
                    due.Add((clock.Elapsed + span).Ticks);
                    break;
                case 2 when chosen >= 0:
                    timers[chosen].Change(span, Never);
                    due[chosen] = (clock.Elapsed + span).Ticks;
                    break;
                case 3 when chosen >= 0:
                    timers[chosen].Change(Never, Never);
                    due[chosen] = null;
                    break;
                case 4:
                    span /= 8;
                    var end = (clock.Elapsed + span).Ticks;
                    var fired = Enumerable.Range(0, due.Count).Where(i => due[i] <= end).OrderBy(i => due[i]).ThenBy(static i => i).ToArray();
                    wanted.AddRange(fired);
                    Array.ForEach(fired, i => due[i] = null);
                    clock.Advance(span);
                    break;
            }
        }

        return log.SequenceEqual(wanted) && clock.PendingTimers == due.Count(static when => when is not null);
    }
}

/// <summary>The suite on the virtual clock, moved along with real time.</summary>
public sealed class VirtualTimerConformanceTests : TimerConformanceTests, IDisposable
{
    private readonly VirtualClock _clock = new();
    private readonly ITimer _mover;

    public VirtualTimerConformanceTests() => _mover = TimeProvider.System.CreateTimer(_ => _clock.Advance(Short), null, Short, Short);

    private protected override TimeProvider Provider => _clock;

    public void Dispose() => _mover.Dispose();
}

/// <summary>The suite on the virtual clock of an executor that a thread drives.</summary>
public sealed class VirtualTimerOnExecutorConformanceTests : TimerConformanceTests, IDisposable
{
    private readonly VirtualClock _clock = new() { AutoAdvance = false };
    private readonly Runtime.Core.Execution.SingleThreadedExecutor _executor;
    private readonly TaskCompletionSource _end = Waiting.NewSignal();
    private readonly Task _driving;
    private readonly ITimer _mover;

    public VirtualTimerOnExecutorConformanceTests()
    {
        _executor = new(new() { TimeProvider = _clock });
        _driving = Execution.SingleThreadedExecutorTests.OnThread(() => _executor.BlockOn(_ => new ValueTask(_end.Task)));
        _mover = TimeProvider.System.CreateTimer(_ => _clock.Advance(Short), null, Short, Short);
    }

    private protected override TimeProvider Provider => _clock;

    // One thread runs one callback at a time.
    private protected override bool CallbacksOverlap => false;

    public void Dispose()
    {
        _mover.Dispose();
        _end.SetResult();
        _driving.Wait(HangGuard).ShouldBeTrue();
        _executor.Dispose();
    }
}
