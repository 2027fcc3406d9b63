using Runtime.Core.Lifecycle;
using Runtime.Core.Tests.Diagnostics;
using Runtime.Core.Tuning;

namespace Runtime.Core.Tests.Tuning;

public sealed class TunerTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly ManualTime _time = new();
    private readonly FakeTunable _runtime = new(4);
    private long _executed;
    private TimeSpan _busy;
    private int _watches;

    [Fact]
    public void LoadedRuntime_IsSampledAtEachInterval_AndTuned()
    {
        using var tuner = Start();

        Work();
        _time.Advance(Interval);

        _runtime.Workers.ShouldBe(6);
        var decision = tuner.Decisions.ShouldHaveSingleItem();
        decision.Strategy.ShouldBe("ThreadCount");
        decision.At.ShouldBe(DateTimeOffset.UnixEpoch + Interval);
    }

    [Fact]
    public void IdleRuntime_IsLeftInPeace_UntilThereIsActivity()
    {
        using var tuner = Start();

        _time.Advance(Interval);
        _watches.ShouldBe(1);
        _time.ArmedTimers.ShouldBe(0);
        _time.Advance(TimeSpan.FromDays(1));
        tuner.NotifyActivity();
        tuner.NotifyActivity();

        _time.ArmedTimers.ShouldBe(1);
        Work();
        _time.Advance(Interval);
        _runtime.Workers.ShouldBe(6); // the idle day does not count against the utilization
    }

    [Fact]
    public void WorkThatComesWhileTheTunerFallsAsleep_WakesIt()
    {
        using var tuner = Start(onWatch: () => _executed++);

        _time.Advance(Interval);

        _time.ArmedTimers.ShouldBe(1);
    }

    [Fact]
    public void Disabled_TakesNoSample_AndCanBeSwitchedOn()
    {
        using var tuner = Start(new TunerOptions { Enabled = false, Interval = Interval });
        Work();
        _time.Advance(TimeSpan.FromHours(1));
        _runtime.Changes.ShouldBe(0);

        tuner.Reconfigure(new TunerOptions { Interval = Interval });
        Work(Interval);
        _time.Advance(Interval);

        _runtime.Changes.ShouldBe(1);
    }

    [Fact]
    public void Interval_ChangesWhileRunning()
    {
        using var tuner = Start();

        tuner.Reconfigure(new TunerOptions { Interval = TimeSpan.FromSeconds(1) });
        Work(TimeSpan.FromSeconds(1));
        _time.Advance(TimeSpan.FromSeconds(1));

        _runtime.Changes.ShouldBe(1);
    }

    [Fact]
    public void Strategies_AreThoseNamed()
    {
        using var tuner = Start(new TunerOptions { Interval = Interval, Strategies = ["workstealing", "QueueSize"] });

        Work();
        _time.Advance(Interval);

        _runtime.Changes.ShouldBe(0);
    }

    [Fact]
    public void Stopped_TakesNoSample()
    {
        var tuner = Start();
        tuner.Stop();
        Work();
        _time.Advance(TimeSpan.FromHours(1));
        tuner.Start();
        tuner.Dispose();
        _time.Advance(TimeSpan.FromHours(1));

        _runtime.Changes.ShouldBe(0);
    }

    // All workers busy, and work that waits.
    private void Work(TimeSpan? during = null)
    {
        _executed += 100;
        _busy += during ?? Interval;
    }

    private Tuner Start(TunerOptions? options = null, Action? onWatch = null)
    {
        var tuner = new Tuner(
            _runtime,
            Snapshot,
            () =>
            {
                _watches++;
                onWatch?.Invoke();
            },
            [],
            _time,
            options ?? new TunerOptions { Interval = Interval });
        tuner.Start();
        return tuner;
    }

    private RuntimeSnapshot Snapshot() => Snapshots.Empty with
    {
        State = RuntimeState.Running,
        Executed = _executed,
        LongestWait = TimeSpan.FromSeconds(1),
        Workers = [.. Enumerable.Range(0, _runtime.Workers).Select(id => Snapshots.Worker(id) with { Busy = _busy })],
    };
}
