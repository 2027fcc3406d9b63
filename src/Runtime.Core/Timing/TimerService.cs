using Runtime.Core.Concurrency;

namespace Runtime.Core.Timing;

/// <summary>The timer system of one runtime: a wheel, the lock around it, and the thread that turns it.</summary>
/// <remarks>
/// Thread safe. It has one life: not started, running, stopped. It knows no scheduler: what is due goes to the sink, and no
/// callback ever runs on its thread. The protocol is in this folder's README.
/// </remarks>
internal sealed partial class TimerService
{
    // A value of _wakeAt: the thread is awake and will look at the wheel before it sleeps. Less than every tick, so no insert wakes it.
    private const long Awake = -1;

    // A value of _wakeAt: the thread sleeps until it is told.
    private const long Never = long.MaxValue;

    private readonly Action<WorkItem> _sink;
    private readonly string _threadName;
    private readonly Parker _parker = Parker.Create();

    // Guards everything below, and the fields of timers that say so. Taken for O(1) by users; never held while a sink or a user's code runs.
    private readonly Lock _lock = new();
    private readonly TickClock _clock;
    private readonly TimerWheel _wheel = new(start: 0);
    private readonly TimerCounters _counters = new();

    // The thread; null before the start. Written once.
    private Thread? _thread;

    // The tick at which the thread will wake by itself, or Awake, or Never. Written by the thread only.
    private long _wakeAt = Awake;

    // Written under the lock; read without it by IsRunning, where the answer may be old in any case.
    private volatile Phase _phase;

    /// <summary>Creates a service that is not started.</summary>
    /// <param name="resolution">The length of one tick; positive.</param>
    /// <param name="threadName">The name of the timer thread.</param>
    /// <param name="sink">
    /// Queues a timer for execution: its <see cref="WorkItem.Run"/> is to be called once, soon, on a thread that may run users' code. Called on the
    /// timer thread, and on the caller's for a timer that is due at once; must be quick, and must neither refuse, nor throw, nor execute the item itself.
    /// </param>
    /// <param name="time">The monotonic clock; by default <see cref="TimeProvider.System"/>.</param>
    public TimerService(TimeSpan resolution, string threadName, Action<WorkItem> sink, TimeProvider? time = null)
    {
        _sink = sink;
        _threadName = threadName;
        _clock = new TickClock(time ?? TimeProvider.System, resolution);
        Provider = new RuntimeTimeProvider(this);
    }

    private enum Phase
    {
        NotStarted,
        Running,
        Stopped,
    }

    /// <summary>Gets the clock for users.</summary>
    public RuntimeTimeProvider Provider { get; }

    /// <summary>Gets whether timers go to the wheel now.</summary>
    public bool IsRunning => _phase == Phase.Running;

    /// <summary>Gets whether the thread sleeps, or is about to with nothing left to do before.</summary>
    internal bool IsAsleep => WakeAt != Awake;

    /// <summary>Gets whether it does, and only a new timer will wake it.</summary>
    internal bool IsIdle => WakeAt == Never;

    private long WakeAt
    {
        get
        {
            lock (_lock)
            {
                return _wakeAt;
            }
        }
    }

    /// <summary>Starts the thread. Does nothing when it was started before, or stopped.</summary>
    public void Start()
    {
        lock (_lock)
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
        var moved = 0;
        Thread? thread;
        lock (_lock)
        {
            _phase = Phase.Stopped;
            thread = _thread;
            while (_wheel.RemoveAny() is { } timer)
            {
                SystemTimers.Arm(timer, _clock.Time(timer.DueAt - _clock.GetTimestamp()), _clock.Time(timer.Period));
                moved++;
            }
        }

        _parker.Unpark();
        thread?.Join();
        _parker.Dispose();
        return moved;
    }

    /// <summary>Reads the counters.</summary>
    public TimerSnapshot Snapshot()
    {
        lock (_lock)
        {
            var first = _wheel.FindFirstDeadline();
            var overdue = first is { } tick ? _clock.Time(_clock.GetTimestamp() - _clock.StartOf(tick)) : TimeSpan.Zero;
            return _counters.Snapshot(_wheel.Count, overdue);
        }
    }

    // Arms a timer anew. False when it has been disposed of.
    internal bool Change(RuntimeTimer timer, TimeSpan dueTime, TimeSpan period)
    {
        var isDue = false;
        var isEarlier = false;
        lock (_lock)
        {
            if (timer.Gate.IsClosed)
            {
                return false;
            }

            Disarm(timer);
            if (_phase != Phase.Running)
            {
                SystemTimers.Arm(timer, dueTime, period);
            }
            else if (dueTime != Timeout.InfiniteTimeSpan)
            {
                var now = _clock.GetTimestamp();
                timer.DueAt = now + _clock.Units(dueTime);
                timer.Period = _clock.Units(period);
                if (dueTime == TimeSpan.Zero)
                {
                    isDue = Tick(timer, now);
                }
                else
                {
                    Insert(timer);
                }

                // Every caller that is earlier wakes, not only the first: a first one that is taken off its processor
                // before it gets to Unpark must not hold up the others. A second unpark costs one exchange and no system call.
                isEarlier = timer.Slot != TimerEntry.NotInWheel && timer.When < _wakeAt;
            }
        }

        if (isDue)
        {
            _sink(timer);
        }

        if (isEarlier)
        {
            _parker.Unpark();
        }

        return true;
    }

    // Takes a timer out for good. After it no callback begins; one that has begun goes on.
    internal void Cancel(RuntimeTimer timer)
    {
        lock (_lock)
        {
            timer.Gate.Close();
            Disarm(timer);
            timer.SystemTimer?.Dispose();
        }
    }

    // The thread. What it must never do is fail; all it calls is this folder's code, the sink, and the parker.
    private void Run()
    {
        // No reference to a timer is in this frame while the thread sleeps, perhaps for days: neither in the buffer nor in a local.
        var due = new TimerEntry?[TimerWheel.StepBudget];
        while (TurnWheel(due, out var count, out var sleep))
        {
            if (count > 0)
            {
                HandOn(due.AsSpan(0, count));
            }

            if (sleep != TimeSpan.Zero)
            {
                _parker.Park(sleep);
            }
        }
    }

    // One step. False when the service has been stopped; zero sleep when there is more to do at once.
    private bool TurnWheel(TimerEntry?[] due, out int count, out TimeSpan sleep)
    {
        count = 0;
        sleep = TimeSpan.Zero;
        lock (_lock)
        {
            if (_phase == Phase.Stopped)
            {
                return false;
            }

            _wakeAt = Awake;
            var now = _clock.GetTimestamp();
            var expired = _wheel.Advance(_clock.TickOf(now), due!, out var behind);
            for (var i = 0; i < expired; i++)
            {
                var timer = due[i]!;
                due[i] = null;
                if (Tick(timer, now))
                {
                    due[count++] = timer;
                }
            }

            // Not asleep before the wheel has nothing for now and what was due has been handed on.
            if (!behind && expired == 0)
            {
                _wakeAt = _wheel.NextExpiration ?? Never;
                sleep = _wakeAt == Never ? Timeout.InfiniteTimeSpan : _clock.Time(_clock.StartOf(_wakeAt) - now);
            }

            return true;
        }
    }

    private void HandOn(Span<TimerEntry?> due)
    {
        foreach (var timer in due)
        {
            timer!.OnDue(_sink);
        }

        due.Clear();
    }

    // Counts a tick of a timer that is in no slot, and puts a periodic one back. Says whether the caller is to hand the timer to the sink. Under the lock.
    private bool Tick(TimerEntry entry, long now)
    {
        _counters.Fired(_clock.Time(now - entry.DueAt));
        if (entry is not RuntimeTimer timer)
        {
            return true; // a delay: one tick, and no callback that could be queued twice
        }

        if (timer.Period > 0)
        {
            // A fixed rate. One that has fallen behind by a whole period does not catch up in a burst: it goes on from now.
            timer.DueAt += timer.Period;
            if (timer.DueAt <= now)
            {
                timer.DueAt = now + _clock.TickLength;
            }

            Insert(timer);
        }

        return timer.Gate.TryQueue();
    }

    // Under the lock, like the next one. What is due after now is due after the wheel's tick: the wheel is never ahead of the clock.
    private void Insert(TimerEntry timer) => _wheel.Insert(timer, _clock.TickNotBefore(timer.DueAt));

    private void Disarm(TimerEntry timer)
    {
        if (_wheel.Remove(timer))
        {
            _counters.Cancelled();
        }
    }
}
