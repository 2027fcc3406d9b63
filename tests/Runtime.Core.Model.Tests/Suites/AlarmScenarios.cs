using Runtime.Core.Concurrency;
using Runtime.Core.Model.Tests.Engine;
using Runtime.Core.Timing;

namespace Runtime.Core.Model.Tests.Suites;

/// <summary>Threads that arm timers, and the timer thread that goes to sleep, by way of <see cref="TimerAlarm"/>. A shard's wheel is a list of ticks under the shard's lock.</summary>
/// <remarks>A park until a tick may end by its time at any moment, and one without a limit only by an unpark. Whoever has armed a timer before that must not have been slept past.</remarks>
internal abstract class AlarmScenario : Scenario
{
    private readonly TimerAlarm _alarm;
    private readonly FutexParker _parker = new();
    private readonly Lock[] _locks;
    private readonly Cell<List<long>>[] _wheels;
    private readonly int _timers;

    // For the checks: the timers whose arming is over, and those that have fired.
    private readonly List<long> _armed = [];
    private readonly List<long> _fired = [];
    private long? _sleepsUntil;

    protected AlarmScenario(int shards, int timers)
    {
        _timers = timers;
        _alarm = new TimerAlarm(shards);
        _locks = [.. Enumerable.Range(0, shards).Select(static _ => new Lock())];
        _wheels = new Cell<List<long>>[shards];
        for (var shard = 0; shard < shards; shard++)
        {
            _wheels[shard].Value = [];
        }

        Run("timer thread", Turn);
    }

    // A sleep until a tick ends by itself: in the model at once, or never. It may last while no timer is armed before that tick.
    public override bool MayRest() => _sleepsUntil is { } until && !IsPast(until);

    public override void Check() => Require(_fired.Count == _timers || MayRest(), $"{_fired.Count} of {_timers} timers have fired");

    /// <summary>As TimerShard.Arm.</summary>
    protected void Arm(int shard, long when)
    {
        using (_locks[shard].EnterScope())
        {
            _wheels[shard].Value = [.. _wheels[shard].Value, when];
            _alarm.Lower(shard, when);
        }

        if (_alarm.IsMissing(when))
        {
            _parker.Unpark();
        }

        _armed.Add(when);
    }

    // As TimerService.Run, until every timer has fired.
    private void Turn()
    {
        var now = 0L;
        while (_fired.Count < _timers)
        {
            _alarm.WakeUp();
            for (var shard = 0; shard < _locks.Length; shard++)
            {
                if (_alarm.FirstOf(shard) <= now)
                {
                    Turn(shard, now);
                }
            }

            var until = _fired.Count < _timers ? _alarm.TryFallAsleep() : TimerAlarm.Awake;
            if (until == TimerAlarm.Never)
            {
                _parker.Park();
            }
            else if (until != TimerAlarm.Awake)
            {
                _sleepsUntil = until;
                var timedOut = !_parker.Park(TimeSpan.FromSeconds(1));
                _sleepsUntil = null;
                if (timedOut)
                {
                    Require(!IsPast(until), $"it slept until {until}, past a timer that had been armed");
                    now = until;
                }
            }
        }
    }

    private bool IsPast(long until) => _armed.Except(_fired).Any(when => when < until);

    private void Turn(int shard, long now)
    {
        using (_locks[shard].EnterScope())
        {
            var wheel = _wheels[shard].Value;
            _fired.AddRange(wheel.Where(when => when <= now));
            List<long> left = [.. wheel.Where(when => when > now)];
            _wheels[shard].Value = left;
            _alarm.Set(shard, left.Count == 0 ? TimerAlarm.Never : left.Min());
        }
    }
}

/// <summary>Two threads arm timers in one shard: only one of them lowers its first deadline.</summary>
internal sealed class AlarmInOneShard : AlarmScenario
{
    public AlarmInOneShard()
        : base(shards: 1, timers: 2)
    {
        Run("first", () => Arm(0, 5));
        Run("second", () => Arm(0, 6));
    }
}

/// <summary>Two threads arm timers in two shards.</summary>
internal sealed class AlarmInTwoShards : AlarmScenario
{
    public AlarmInTwoShards()
        : base(shards: 2, timers: 2)
    {
        Run("first", () => Arm(0, 5));
        Run("second", () => Arm(1, 3));
    }
}

/// <summary>A timer that is due before the one that the thread sleeps for.</summary>
internal sealed class AlarmOfAnEarlierTimer : AlarmScenario
{
    public AlarmOfAnEarlierTimer()
        : base(shards: 2, timers: 2) => Run("armer", () =>
    {
        Arm(0, 5);
        Arm(1, 3);
    });
}

/// <summary>One thread arms a timer after another, as the thread comes and goes.</summary>
internal sealed class AlarmAgainAndAgain : AlarmScenario
{
    public AlarmAgainAndAgain()
        : base(shards: 1, timers: 3) => Run("armer", () =>
    {
        Arm(0, 1);
        Arm(0, 2);
        Arm(0, 3);
    });
}
