namespace Runtime.Core.Timing;

/// <summary>A part of the timers of a runtime: a wheel and the lock around it. Every timer is in one shard, whoever arms or cancels it.</summary>
/// <remarks>
/// Thread safe. Nothing that is not of this folder runs under the lock, but for the system's timers after the stop. What ties the shards to the timer
/// thread is <see cref="TimerAlarm"/>; the protocol is in this folder's README.
/// </remarks>
internal sealed class TimerShard
{
    // How often the timer thread looks whether a lock that is taken gets free, before it goes on with the next shard.
    private const int MostLooks = 50;

    private readonly TimerService _service;
    private readonly TimerAlarm _alarm;
    private readonly int _number;
    private readonly TickClock _clock;

    // Guards everything below, and the fields of entries that say so. Taken for O(1) by users; never held while a sink or a user's code runs.
    private readonly Lock _lock = new();
    private readonly TimerWheel _wheel = new(start: 0);
    private readonly TimerCounters _counters = new();

    // The greatest reading of the clock so far. A clock that steps back stands still here until it has caught up.
    private long _latest;

    public TimerShard(TimerService service, TimerAlarm alarm, int number, TickClock clock)
    {
        _service = service;
        _alarm = alarm;
        _number = number;
        _clock = clock;
        _latest = clock.Origin;
    }

    public TimerService Service => _service;

    /// <summary>Gets the tick at which the thread has to look at this shard next, or <see cref="TimerAlarm.Never"/>.</summary>
    public long First => _alarm.FirstOf(_number);

    /// <summary>Arms a timer anew.</summary>
    /// <returns><see langword="false"/> when it has been disposed of.</returns>
    public bool Change(RuntimeTimer timer, TimeSpan dueTime, TimeSpan period)
    {
        var isDue = false;
        var when = TimerAlarm.Never;
        lock (_lock)
        {
            if (timer.Gate.IsClosed)
            {
                return false;
            }

            if (!_service.IsRunning)
            {
                Disarm(timer);
                SystemTimers.Arm(timer, dueTime, period);
            }
            else if (dueTime == Timeout.InfiniteTimeSpan)
            {
                Disarm(timer);
            }
            else
            {
                var now = GetTimestamp();
                timer.DueAt = now + _clock.Units(dueTime);
                timer.Period = _clock.Units(period);
                if (dueTime == TimeSpan.Zero)
                {
                    Disarm(timer);
                    isDue = Tick(timer, now);
                }
                else
                {
                    Rearm(timer);
                }

                when = timer.Slot == TimerEntry.NotInWheel ? TimerAlarm.Never : timer.When;
            }
        }

        if (isDue)
        {
            _service.Sink.Queue(timer);
        }

        _service.WakeFor(when);
        return true;
    }

    /// <summary>Arms an entry that is in no wheel, and of which nobody else knows. It is due once, through <see cref="TimerEntry.TryEnd"/>, or while the service does not run through its <see cref="WorkItem.Run"/>.</summary>
    public void Arm(TimerEntry entry, TimeSpan dueTime)
    {
        long when;
        lock (_lock)
        {
            entry.DueAt = GetTimestamp() + _clock.Units(dueTime);
            if (!_service.IsRunning)
            {
                SystemTimers.Arm(entry, dueTime, TimeSpan.Zero);
                return;
            }

            Insert(entry);
            when = entry.When;
        }

        _service.WakeFor(when);
    }

    /// <summary>A timer of the system counts from its last tick, so it may fire some milliseconds early: arms it again for the rest.</summary>
    /// <returns>Whether there was a rest.</returns>
    public bool TryArmForRest(TimerEntry entry)
    {
        lock (_lock)
        {
            var rest = _clock.Time(entry.DueAt - GetTimestamp());
            if (rest == TimeSpan.Zero)
            {
                return false;
            }

            SystemTimers.Arm(entry, rest, TimeSpan.Zero);
            return true;
        }
    }

    /// <summary>Takes an entry out that need not fire any more.</summary>
    /// <returns>Whether it was still in the wheel: then it does not fire. Otherwise it has, or is about to.</returns>
    public bool Withdraw(TimerEntry entry)
    {
        lock (_lock)
        {
            entry.SystemTimer?.Dispose();
            return Disarm(entry);
        }
    }

    /// <summary>Takes a timer out for good. After it no callback begins; one that has begun goes on.</summary>
    public void Cancel(RuntimeTimer timer)
    {
        lock (_lock)
        {
            timer.Gate.Close();
            Disarm(timer);
            timer.SystemTimer?.Dispose();
        }
    }

    /// <summary>Turns the wheel by one bounded step. Timer thread.</summary>
    /// <param name="due">Receives the entries that are to be handed on; at least <see cref="TimerWheel.StepBudget"/> long.</param>
    /// <param name="count">How many they are.</param>
    /// <returns>Whether there is more to do at once.</returns>
    public TurnResult Turn(TimerPlace[] due, out int count)
    {
        count = 0;
        if (!TryEnter())
        {
            return TurnResult.Busy;
        }

        try
        {
            var now = GetTimestamp();
            var expired = _wheel.Advance(_clock.TickOf(now), due, out var behind);
            for (var i = 0; i < expired; i++)
            {
                var entry = due[i].Entry!;
                if (entry.DueAt > now)
                {
                    Insert(entry); // moved to later since it came into the wheel
                }
                else if (Tick(entry, now))
                {
                    if (count != i)
                    {
                        due[count].Entry = entry;
                    }

                    count++;
                }
            }

            due.AsSpan(count, expired - count).Clear();
            _alarm.Set(_number, _wheel.NextExpiration ?? TimerAlarm.Never);
            return behind ? TurnResult.Behind : TurnResult.Done;
        }
        finally
        {
            _lock.Exit();
        }
    }

    /// <summary>Moves every timer to the system. After the service has been marked as stopped.</summary>
    /// <returns>How many they were.</returns>
    public int MoveToSystem()
    {
        var moved = 0;
        lock (_lock)
        {
            while (_wheel.RemoveAny() is { } entry)
            {
                SystemTimers.Arm(entry, _clock.Time(entry.DueAt - GetTimestamp()), _clock.Time(entry.Period));
                moved++;
            }

            _alarm.Set(_number, TimerAlarm.Never);
        }

        return moved;
    }

    /// <summary>Adds what this shard has done.</summary>
    /// <returns>How many timers are armed in it.</returns>
    public long AddTo(TimerCounters sum)
    {
        lock (_lock)
        {
            sum.Add(_counters);
            return _wheel.Count;
        }
    }

    // Not waited for: whoever holds it may be a background thread that has lost its processor, and the other shards' timers are due all the same.
    private bool TryEnter()
    {
        for (var look = 0; look < MostLooks; look++)
        {
            if (_lock.TryEnter())
            {
                return true;
            }

            Thread.SpinWait(10);
        }

        return false;
    }

    // All that follows: under the lock.
    private long GetTimestamp() => _latest = Math.Max(_latest, _clock.GetTimestamp());

    // Counts a tick of an entry that is in no slot, and puts a periodic one back. Says whether the caller is to hand it on.
    private bool Tick(TimerEntry entry, long now)
    {
        _counters.Fired(_clock.Microseconds(now - entry.DueAt));
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

    // To later: the entry stays where it is, and the thread looks at its deadline when it comes by. So a time-out that is pushed on
    // with every message touches no neighbour in the wheel, and costs one look in each of its spans.
    private void Rearm(TimerEntry entry)
    {
        if (entry.Slot == TimerEntry.NotInWheel)
        {
            Insert(entry);
            return;
        }

        _counters.Cancelled();
        if (WhenOf(entry) < entry.When)
        {
            _wheel.Remove(entry);
            Insert(entry);
        }
    }

    // What is due after now is due after the wheel's tick: the wheel is never ahead of the clock.
    private void Insert(TimerEntry entry)
    {
        _wheel.Insert(entry, WhenOf(entry));
        _alarm.Lower(_number, entry.When);
    }

    private long WhenOf(TimerEntry entry)
    {
        var earliest = _clock.TickNotBefore(entry.DueAt);
        var slack = Math.Max(entry.Slack, _service.Slack);
        return slack == 0 ? earliest : TimerSlack.Choose(earliest, earliest + slack);
    }

    private bool Disarm(TimerEntry entry)
    {
        if (!_wheel.Remove(entry))
        {
            return false;
        }

        _counters.Cancelled();
        return true;
    }
}

/// <summary>How a step of a wheel ended.</summary>
internal enum TurnResult
{
    /// <summary>All that is due has been taken out.</summary>
    Done,

    /// <summary>There is more: call again.</summary>
    Behind,

    /// <summary>Somebody holds the lock: come again soon.</summary>
    Busy,
}
