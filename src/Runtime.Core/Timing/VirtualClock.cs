namespace Runtime.Core.Timing;

/// <summary>A clock that stands still until it is moved: time for tests and simulations, in which an hour takes no time and every run is the same.</summary>
/// <remarks>
/// <para>
/// Give it to an <see cref="Execution.SingleThreadedExecutor"/>: its <c>BlockOn</c> moves the clock to the next timer whenever nothing else can
/// run (<see cref="AutoAdvance"/>), and callbacks run on that executor. On its own, callbacks run inside <see cref="Advance"/>, on the caller.
/// Timers keep the rules of <see cref="TimeProvider.System"/>, with exact times; those that are due together fire in the order in which they were
/// created. A tick that comes while the timer's last callback still waits for its turn is merged with it.
/// </para>
/// <para>
/// It cannot know what goes on elsewhere: while a task waits for another thread, a socket or a file, an auto-advancing clock sees nothing to do and
/// fires the next timer, which may be that operation's time-out. Switch <see cref="AutoAdvance"/> off for such a test.
/// </para>
/// <para>
/// Thread safe; for a fixed order, move it from one thread only. The model is Tokio's paused clock (<c>tokio::time::pause</c>), except that
/// <see cref="Advance"/> stops at every timer on its way instead of jumping over them.
/// </para>
/// </remarks>
public sealed class VirtualClock : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly VirtualTimerHeap _timers = new();
    private readonly DateTimeOffset _start;

    // The time since the start, in 100 ns. Written under the lock, only upwards; read without it.
    private long _now;

    // How many timers have been created; under the lock.
    private long _created;

    // Takes a due timer to the executor that runs its callback; null on its own. Written under the lock.
    private Action<VirtualTimer>? _sink;

    private volatile bool _autoAdvance = true;

    /// <summary>Creates a clock.</summary>
    /// <param name="start">The time it starts at; by default the first moment of the year 2000 in UTC, so that runs are equal.</param>
    public VirtualClock(DateTimeOffset? start = null) => _start = (start ?? new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero)).ToUniversalTime();

    /// <summary>Gets or sets whether an executor that has nothing to run may move the clock to the next timer.</summary>
    /// <value>Default <see langword="true"/>. It only acts inside <c>BlockOn</c>; it may be changed at any time.</value>
    public bool AutoAdvance
    {
        get => _autoAdvance;
        set => _autoAdvance = value;
    }

    /// <summary>Gets how far the clock has been moved since its start.</summary>
    public TimeSpan Elapsed => new(GetTimestamp());

    /// <summary>Gets how many timers are armed.</summary>
    public int PendingTimers
    {
        get
        {
            lock (_lock)
            {
                return _timers.Count;
            }
        }
    }

    /// <summary>Gets 10,000,000: a timestamp is the time since the start in units of 100 ns.</summary>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Gets UTC, so that runs are equal everywhere.</summary>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <inheritdoc/>
    public override long GetTimestamp() => Volatile.Read(ref _now);

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => _start + Elapsed;

    /// <summary>Moves the clock, stopping at each timer that comes due on the way, in order.</summary>
    /// <param name="by">How far; zero only fires what is due now.</param>
    /// <remarks>
    /// On its own, it runs the callbacks in this call, each at its time; one that throws ends the call there. With an executor, it queues them there
    /// and returns; they then find the time at which the move has ended. To run everything at its time, use the executor's <c>RunFor</c>.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="by"/> is negative, or goes past what a <see cref="DateTimeOffset"/> holds.</exception>
    public void Advance(TimeSpan by)
    {
        var goal = Goal(by);
        while (AdvanceToNext(goal))
        {
        }

        lock (_lock)
        {
            _now = Math.Max(_now, goal);
        }
    }

    /// <summary>Creates a timer.</summary>
    /// <param name="callback">What to call.</param>
    /// <param name="state">What to pass to it.</param>
    /// <param name="dueTime">The time to the first call; zero: at once with an executor, at the next <see cref="Advance"/> without; <see cref="Timeout.InfiniteTimeSpan"/>: not until <see cref="ITimer.Change"/>.</param>
    /// <param name="period">The time between calls; zero or <see cref="Timeout.InfiniteTimeSpan"/>: one call only.</param>
    /// <returns>The timer. Its callback runs in the execution context of this call, unless the flow is suppressed.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="callback"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A time is negative and not infinite, or longer than 4,294,967,294 ms.</exception>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        VirtualTimer timer;
        lock (_lock)
        {
            timer = new VirtualTimer(this, _created++, callback, state);
        }

        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>The timestamp that lies this far ahead.</summary>
    internal long Goal(TimeSpan by)
    {
        var now = GetTimestamp();
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(by, DateTimeOffset.MaxValue - _start - new TimeSpan(now));
        return now + by.Ticks;
    }

    /// <summary>Moves to the next time at which a timer is due, and fires all that are due then. False, and nothing done, when there is none up to the limit.</summary>
    internal bool AdvanceToNext(long limit = long.MaxValue)
    {
        lock (_lock)
        {
            if (_timers.First is not { } next || next.Due > limit)
            {
                return false;
            }

            _now = Math.Max(_now, next.Due);
        }

        FireDue();
        return true;
    }

    /// <summary>Sends the callbacks to an executor from now on.</summary>
    internal void Attach(Action<VirtualTimer> sink)
    {
        lock (_lock)
        {
            if (_sink is not null)
            {
                throw new InvalidOperationException(
                    $"This {nameof(VirtualClock)} is in use by another executor, which decides when it moves. Give each executor a clock of its own, or dispose of the other one first.");
            }

            _sink = sink;
        }
    }

    /// <summary>The executor has stopped: the clock is on its own again.</summary>
    internal void Detach()
    {
        lock (_lock)
        {
            _sink = null;
        }
    }

    // Arms a timer anew. False when it has been disposed of.
    internal bool Change(VirtualTimer timer, TimeSpan dueTime, TimeSpan period)
    {
        Action<VirtualTimer>? sink;
        lock (_lock)
        {
            if (timer.Gate.IsClosed)
            {
                return false;
            }

            _timers.Remove(timer);
            if (dueTime == Timeout.InfiniteTimeSpan)
            {
                return true;
            }

            timer.Due = _now + dueTime.Ticks;
            timer.Period = period.Ticks;
            sink = _sink;
            if (sink is null || dueTime > TimeSpan.Zero)
            {
                _timers.Insert(timer);
                return true;
            }

            if (!Tick(timer))
            {
                return true; // its last callback still waits for its turn, and serves this tick too
            }
        }

        sink(timer);
        return true;
    }

    // Takes a timer out for good. After it no callback begins; one that has begun goes on.
    internal void Cancel(VirtualTimer timer)
    {
        lock (_lock)
        {
            timer.Gate.Close();
            _timers.Remove(timer);
        }
    }

    // Fires one after the other and lets go of the lock for each: a callback may create, change and cancel timers.
    private void FireDue()
    {
        while (true)
        {
            VirtualTimer? timer;
            Action<VirtualTimer>? sink;
            lock (_lock)
            {
                timer = _timers.First;
                if (timer is null || timer.Due > _now)
                {
                    return;
                }

                sink = _sink;
                _timers.Remove(timer);
                if (!Tick(timer))
                {
                    continue;
                }
            }

            if (sink is null)
            {
                timer.Run();
            }
            else
            {
                sink(timer);
            }
        }
    }

    // Counts a tick of a timer that is not in the heap, and puts a periodic one back. Says whether the callback is to be queued. Under the lock.
    private bool Tick(VirtualTimer timer)
    {
        if (timer.Period > 0)
        {
            timer.Due += timer.Period;
            _timers.Insert(timer);
        }

        return timer.Gate.TryQueue();
    }
}
