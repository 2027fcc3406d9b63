using Runtime.Core.Timing;
using static Runtime.Core.Tests.Timing.RuntimeTimers;

namespace Runtime.Core.Tests.Timing;

/// <summary>Periods on a clock that the test moves. The thread sleeps real time, at most the ten milliseconds of the period, and then looks at it.</summary>
public sealed class TimerRateTests : IDisposable
{
    private const string Stuck = "a background thread that is stuck";

    private readonly TickClockTests.ManualTime _time = new(frequency: 1_000);
    private readonly SemaphoreSlim _ticks = new(0);
    private readonly TimerService _service;

    // The latest time that the service has seen.
    private long _latest;

    public TimerRateTests()
    {
        _service = new TimerService(TimeSpan.FromMilliseconds(1), "test-timers", new Sink(ToThreadPool, static () => Thread.CurrentThread.Name == Stuck), _time);
        _service.Start();
    }

    [Fact]
    public async Task Period_AfterALateTick_KeepsTheRate()
    {
        await using var timer = CreatePeriodic();

        await ExpectTicksAsync(at: 9, 0);
        await ExpectTicksAsync(at: 10, 1);
        await ExpectTicksAsync(at: 25, 1);
        await ExpectTicksAsync(at: 29, 0);
        await ExpectTicksAsync(at: 30, 1);
    }

    [Fact]
    public async Task Period_AfterALongStall_GoesOnFromNowWithoutABurst()
    {
        await using var timer = CreatePeriodic();

        await ExpectTicksAsync(at: 1_000, 1);
        await ExpectTicksAsync(at: 1_001, 1);
        await ExpectTicksAsync(at: 1_010, 0);
        await ExpectTicksAsync(at: 1_011, 1);
    }

    [Fact]
    public async Task Clock_ThatStepsBack_NeitherFiresEarlyNorStops()
    {
        _time.Now = _latest = 500;
        await using var timer = CreatePeriodic();

        await ExpectTicksAsync(at: 510, 1);
        _time.Now = 100;
        await ExpectTicksAsync(at: 519, 0);
        await ExpectTicksAsync(at: 520, 1);
    }

    [Fact]
    public async Task Change_ToLaterAgainAndAgain_FiresOnceAtTheLastDeadline()
    {
        await using var timer = _service.Provider.CreateTimer(_ => _ticks.Release(), null, TimeSpan.FromMilliseconds(10), Never);
        for (var now = 5; now <= 45; now += 5)
        {
            await ExpectTicksAsync(at: now, 0);
            timer.Change(TimeSpan.FromMilliseconds(10), Never).ShouldBeTrue();
        }

        var snapshot = _service.Snapshot();
        await ExpectTicksAsync(at: 54, 0);
        await ExpectTicksAsync(at: 55, 1);

        snapshot.Active.ShouldBe(1);
        snapshot.Cancelled.ShouldBe(9);
    }

    [Fact]
    public async Task Change_ToEarlierAfterLater_FiresEarlier()
    {
        await using var timer = _service.Provider.CreateTimer(_ => _ticks.Release(), null, TimeSpan.FromMilliseconds(10), Never);
        timer.Change(TimeSpan.FromMilliseconds(50), Never);
        timer.Change(TimeSpan.FromMilliseconds(20), Never);

        await ExpectTicksAsync(at: 19, 0);
        timer.Change(TimeSpan.FromMilliseconds(3), Never);
        await ExpectTicksAsync(at: 21, 0);
        await ExpectTicksAsync(at: 22, 1);
        await ExpectTicksAsync(at: 60, 0);

        timer.Change(TimeSpan.FromMilliseconds(50), Never);
        timer.Change(TimeSpan.FromMilliseconds(5), Never);
        await ExpectTicksAsync(at: 64, 0);
        await ExpectTicksAsync(at: 65, 1);
    }

    [Fact]
    public async Task Slack_BringsTimersTogether()
    {
        var provider = _service.Provider.WithSlack(TimeSpan.FromMilliseconds(8));
        await using var early = provider.CreateTimer(_ => _ticks.Release(), null, TimeSpan.FromMilliseconds(10), Never);
        await using var late = provider.CreateTimer(_ => _ticks.Release(), null, TimeSpan.FromMilliseconds(13), Never);

        await ExpectTicksAsync(at: 15, 0);
        await ExpectTicksAsync(at: 16, 2);
        _service.Snapshot().Lateness.Sum.ShouldBe(TimeSpan.FromMilliseconds(9), "six and three; those that look for ticks are on time");
    }

    [Fact]
    public async Task Slack_OfAPeriodicTimer_KeepsTheRate()
    {
        var provider = _service.Provider.WithSlack(TimeSpan.FromMilliseconds(8));
        await using var timer = provider.CreateTimer(_ => _ticks.Release(), null, TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(10));

        await ExpectTicksAsync(at: 15, 0);
        await ExpectTicksAsync(at: 16, 1);
        await ExpectTicksAsync(at: 23, 0);
        await ExpectTicksAsync(at: 24, 1); // 20 to 28
        await ExpectTicksAsync(at: 31, 0);
        await ExpectTicksAsync(at: 32, 1); // 30 to 38
    }

    [Fact]
    public async Task Slack_OfTheService_IsTheLeastOfAll()
    {
        _service.SetSlack(TimeSpan.FromMilliseconds(6));
        await using var timer = _service.Provider.CreateTimer(_ => _ticks.Release(), null, TimeSpan.FromMilliseconds(11), Never);
        _service.SetSlack(TimeSpan.Zero);

        await ExpectTicksAsync(at: 15, 0);
        await ExpectTicksAsync(at: 16, 1);
    }

    [Fact]
    public async Task AnArmerThatLosesItsProcessorUnderTheLock_HoldsUpNoOtherShard()
    {
        // Its first timer makes the thread come to its shard; arming the second it gets no further than to the clock.
        var stuck = new Thread(() =>
        {
            _service.Provider.CreateTimer(static _ => { }, null, TimeSpan.FromMilliseconds(1), Never);
            _service.Provider.CreateTimer(static _ => { }, null, TimeSpan.FromMilliseconds(1), Never);
        }) { IsBackground = true, Name = Stuck };
        using var inside = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        var readings = 0;
        _time.Reading = () =>
        {
            if (Thread.CurrentThread.Name == Stuck && ++readings == 2)
            {
                inside.Set();
                goOn.Wait();
            }
        };
        stuck.Start();
        inside.Wait(HangGuard).ShouldBeTrue();

        for (var now = 10; now <= 30; now += 10)
        {
            await using var timer = _service.Provider.CreateTimer(_ => _ticks.Release(), null, TimeSpan.FromMilliseconds(10), Never);
            _time.Now = _latest = now;
            (await _ticks.WaitAsync(HangGuard)).ShouldBeTrue();
        }

        goOn.Set();
        stuck.Join(HangGuard).ShouldBeTrue();
    }

    public void Dispose()
    {
        _service.Stop();
        _ticks.Dispose();
    }

    private ITimer CreatePeriodic() =>
        _service.Provider.CreateTimer(_ => _ticks.Release(), null, TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(10));

    // A timer that is due exactly then says when the wheel has got there.
    private async Task ExpectTicksAsync(long at, int count)
    {
        var fired = _service.Snapshot().Fired;
        var reached = Task.Delay(TimeSpan.FromMilliseconds(at - _latest), _service.Provider);
        _time.Now = _latest = at;
        await reached.WaitAsync(HangGuard);
        for (var began = TimeProvider.System.GetTimestamp(); _service.Snapshot().Fired - fired <= count && TimeProvider.System.GetElapsedTime(began) < HangGuard;)
        {
            await Task.Yield(); // the two may be in different shards, one of which comes a moment later
        }

        (_service.Snapshot().Fired - fired).ShouldBe(count + 1);
        for (var i = 0; i < count; i++)
        {
            (await _ticks.WaitAsync(HangGuard)).ShouldBeTrue();
        }

        _ticks.CurrentCount.ShouldBe(0);
    }
}
