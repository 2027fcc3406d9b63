using System.Numerics;
using Runtime.Core.Concurrency;

namespace Runtime.Core.Timing;

/// <summary>The timer system of one runtime: wheels, each behind a lock of its own, and the thread that turns them.</summary>
/// <remarks>
/// Thread safe. It has one life: not started, running, stopped. It knows no scheduler: what is due goes to the sink, and no
/// callback ever runs on its thread. The protocol is in this folder's README.
/// </remarks>
internal sealed class TimerService
{
    // More shards than this help no machine: they hold eleven kilobytes each, and the thread looks at them all.
    private const int MostShards = 16;

    // How long the thread lets somebody be who holds a lock.
    private static readonly TimeSpan BusyPause = TimeSpan.FromTicks(TimeSpan.TicksPerMillisecond / 10);

    private readonly string _threadName;
    private readonly Parker _parker = Parker.Create();
    private readonly TickClock _clock;
    private readonly TimerAlarm _alarm;

    // Guards _thread and _phase's changes.
    private readonly Lock _life = new();

    // First those of ordinary threads, then as many of background threads; each half has one for each processor, but no more than MostShards.
    private readonly TimerShard[] _shards;
    private readonly int _half;

    // The thread; null before the start. Written once.
    private Thread? _thread;

    // What ExecutionContext.Capture gives where there is nothing in it; null before the start.
    private ExecutionContext? _emptyContext;

    // The greatest reading of the clock by the thread; it does not follow a clock that steps back.
    private long _latest;

    // The slack of timers that have no greater one, in ticks.
    private int _slack;

    private volatile Phase _phase;

    /// <summary>Creates a service that is not started.</summary>
    /// <param name="resolution">The length of one tick; positive.</param>
    /// <param name="threadName">The name of the timer thread.</param>
    /// <param name="sink">Takes what is due.</param>
    /// <param name="time">The monotonic clock; by default <see cref="TimeProvider.System"/>.</param>
    public TimerService(TimeSpan resolution, string threadName, ITimerSink sink, TimeProvider? time = null)
    {
        Sink = sink;
        _threadName = threadName;
        _clock = new TickClock(time ?? TimeProvider.System, resolution);
        _half = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Min(MostShards, Environment.ProcessorCount));
        _alarm = new TimerAlarm(2 * _half);
        _shards = [.. Enumerable.Range(0, 2 * _half).Select(number => new TimerShard(this, _alarm, number, _clock))];
        Provider = new RuntimeTimeProvider(this, TimeSpan.Zero);
    }

    private enum Phase
    {
        NotStarted,
        Running,
        Stopped,
    }

    /// <summary>Gets where timers go that are due.</summary>
    public ITimerSink Sink { get; }

    /// <summary>Gets the clock for users.</summary>
    public RuntimeTimeProvider Provider { get; }

    /// <summary>Gets whether timers go to the wheels now.</summary>
    public bool IsRunning => _phase == Phase.Running;

    /// <summary>Gets the least slack of every timer, in ticks.</summary>
    public int Slack => Volatile.Read(ref _slack);

    /// <summary>Gets whether the thread sleeps, or is about to with nothing left to do before.</summary>
    internal bool IsAsleep => _alarm.SleepUntil != TimerAlarm.Awake;

    /// <summary>Gets whether it does, and only a new timer will wake it.</summary>
    internal bool IsIdle => _alarm.SleepUntil == TimerAlarm.Never;

    /// <summary>Sets the least slack of every timer. For timers that are armed from now on.</summary>
    public void SetSlack(TimeSpan slack) => Volatile.Write(ref _slack, SlackOf(slack));

    /// <summary>Converts a slack to ticks, rounded down.</summary>
    public int SlackOf(TimeSpan slack) => (int)Math.Min(int.MaxValue, _clock.Units(slack) / _clock.TickLength);

    /// <summary>The caller's execution context, or <see langword="null"/> when there is nothing in it or its flow is suppressed.</summary>
    public ExecutionContext? CaptureExecutionContext()
    {
        var context = ExecutionContext.Capture();
        return context == Volatile.Read(ref _emptyContext) ? null : context;
    }

    /// <summary>Picks the shard for a new timer of the caller's.</summary>
    /// <remarks>By processor, so that threads that run at the same time seldom meet; and background threads apart, because one that loses its processor under a lock must not hold up the others.</remarks>
    public TimerShard ShardForCaller()
    {
        var place = Thread.GetCurrentProcessorId() & (_half - 1);
        return _shards[Sink.IsBackgroundThread ? place + _half : place];
    }

    /// <summary>Wakes the thread if it would sleep past a tick. After the shard's lock is left.</summary>
    /// <remarks>
    /// Everyone who is earlier wakes, not only the first: a first one that is taken off its processor before it gets here must
    /// not hold up the others. A second unpark costs one exchange and no system call.
    /// </remarks>
    public void WakeFor(long when)
    {
        if (_alarm.IsMissing(when))
        {
            _parker.Unpark();
        }
    }

    /// <summary>Starts the thread. Does nothing when it was started before, or stopped.</summary>
    public void Start()
    {
        lock (_life)
        {
            if (_phase != Phase.NotStarted)
            {
                return;
            }

            // Under the lock, so that a Stop on another thread finds a thread that it can join.
            var thread = new Thread(Run) { Name = _threadName, IsBackground = true };
            thread.UnsafeStart();
            _thread = thread;
            _phase = Phase.Running;
        }
    }

    /// <summary>Ends the thread and waits for its end; every pending timer goes on as a timer of the system. May be called at any time, by anyone but the sink.</summary>
    /// <returns>How many timers this call has moved.</returns>
    public int Stop()
    {
        Thread? thread;
        lock (_life)
        {
            _phase = Phase.Stopped; // whoever takes a shard's lock after the next line has had it sees this
            thread = _thread;
        }

        var moved = _shards.Sum(static shard => shard.MoveToSystem());
        _parker.Unpark();
        thread?.Join();
        _parker.Dispose();
        return moved;
    }

    /// <summary>Reads the counters. Each shard's are of one moment.</summary>
    public TimerSnapshot Snapshot()
    {
        var sum = new TimerCounters();
        var active = _shards.Sum(shard => shard.AddTo(sum));
        var first = _alarm.FindFirst();
        var overdue = first == TimerAlarm.Never ? TimeSpan.Zero : _clock.Time(_clock.GetTimestamp() - _clock.StartOf(first));
        return sum.Snapshot(active, overdue);
    }

    // The thread. What it must never do is fail; all it calls is this folder's code, the sink, and the parker.
    private void Run()
    {
        Volatile.Write(ref _emptyContext, ExecutionContext.Capture());

        // No reference to a timer is in this frame while the thread sleeps, perhaps for days: neither in the buffer nor in a local.
        var due = new TimerPlace[TimerWheel.StepBudget];
        while (_phase != Phase.Stopped)
        {
            _alarm.WakeUp();
            switch (TurnAll(due))
            {
                case TurnResult.Done:
                    Sleep();
                    break;
                case TurnResult.Busy:
                    _parker.Park(BusyPause);
                    break;
                default:
                    break;
            }
        }
    }

    // A step of every wheel that has something to do.
    private TurnResult TurnAll(TimerPlace[] due)
    {
        var isBusy = false;
        var isBehind = false;
        var now = _clock.TickOf(GetTimestamp());
        foreach (var shard in _shards)
        {
            if (shard.First > now)
            {
                continue;
            }

            var result = shard.Turn(due, out var count);
            isBusy |= result == TurnResult.Busy;
            isBehind |= result == TurnResult.Behind;
            if (count > 0)
            {
                HandOn(due.AsSpan(0, count));
                isBehind = true; // that took a moment, in which more may have come due
            }
        }

        return isBehind ? TurnResult.Behind : isBusy ? TurnResult.Busy : TurnResult.Done;
    }

    // What has a callback moves to the front and goes to the sink; the rest ends here.
    private void HandOn(Span<TimerPlace> due)
    {
        var count = 0;
        foreach (ref var place in due)
        {
            if (!place.Entry!.TryEnd())
            {
                due[count++].Entry = place.Entry;
            }
        }

        if (count > 0)
        {
            Sink.QueueMany(due[..count]);
        }

        due.Clear();
    }

    private void Sleep()
    {
        var until = _alarm.TryFallAsleep();
        if (until == TimerAlarm.Never)
        {
            _parker.Park(Timeout.InfiniteTimeSpan);
        }
        else if (until != TimerAlarm.Awake && _clock.Time(_clock.StartOf(until) - GetTimestamp()) is var left && left > TimeSpan.Zero)
        {
            _parker.Park(left);
        }
    }

    private long GetTimestamp() => _latest = Math.Max(_latest, _clock.GetTimestamp());
}
