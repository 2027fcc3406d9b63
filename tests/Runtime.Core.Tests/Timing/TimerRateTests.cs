using Runtime.Core.Timing;
using static Runtime.Core.Tests.Timing.RuntimeTimers;

namespace Runtime.Core.Tests.Timing;

/// <summary>Periods on a clock that the test moves. The thread sleeps real time, at most the ten milliseconds of the period, and then looks at it.</summary>
public sealed class TimerRateTests : IDisposable
{
    private readonly TickClockTests.ManualTime _time = new(frequency: 1_000);
    private readonly SemaphoreSlim _ticks = new(0);
    private readonly TimerService _service;

    // The latest time that the service has seen.
    private long _latest;

    public TimerRateTests()
    {
        _service = new TimerService(TimeSpan.FromMilliseconds(1), "test-timers", ToThreadPool, _time);
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

        (_service.Snapshot().Fired - fired).ShouldBe(count + 1);
        for (var i = 0; i < count; i++)
        {
            (await _ticks.WaitAsync(HangGuard)).ShouldBeTrue();
        }

        _ticks.CurrentCount.ShouldBe(0);
    }
}
