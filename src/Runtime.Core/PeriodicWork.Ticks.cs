using Runtime.Core.Timing;

namespace Runtime.Core;

// Ticks and runs. A tick becomes ready, or is missed; what is ready runs as soon as there is room.
public sealed partial class PeriodicWork
{
    internal static void CheckPeriod(TimeSpan period, string parameterName)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(period, TimeSpan.FromMilliseconds(1), parameterName);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(period, TimerArguments.Longest, parameterName);
    }

    internal static void Check(PeriodicOptions options, string parameterName)
    {
        InRange(options.InitialDelay?.TotalMilliseconds ?? 0, 0, TimerArguments.Longest.TotalMilliseconds, nameof(options.InitialDelay), "a time from zero to 4,294,967,294 ms");
        InRange(options.Slack.TotalMilliseconds, 0, TimerArguments.Longest.TotalMilliseconds, nameof(options.Slack), "a time from zero to 4,294,967,294 ms");
        InRange(options.MaxCatchUp, 1, 1_000_000, nameof(options.MaxCatchUp), "from 1 to 1,000,000");
        InRange(options.MaxConcurrency, 1, 10_000, nameof(options.MaxConcurrency), "from 1 to 10,000");
        if (!Enum.IsDefined(options.Rhythm) || !Enum.IsDefined(options.Missed) || !Enum.IsDefined(options.Priority))
        {
            throw new ArgumentOutOfRangeException(
                parameterName, options, $"{nameof(options.Rhythm)}, {nameof(options.Missed)} and {nameof(options.Priority)} must be among the defined values.");
        }

        if (options is { Rhythm: PeriodicRhythm.FixedDelay, MaxConcurrency: > 1 })
        {
            throw new ArgumentException(
                $"{nameof(options.MaxConcurrency)} is {options.MaxConcurrency}; with {nameof(PeriodicRhythm.FixedDelay)} a run starts after the end of the one before, so it must be 1.", parameterName);
        }

        void InRange(double value, double least, double most, string option, string rule)
        {
            if (value < least || value > most)
            {
                throw new ArgumentOutOfRangeException(parameterName, value, $"{option} must be {rule}.");
            }
        }
    }

    // On whatever thread the clock's timers have.
    private void OnTick()
    {
        lock (_lock)
        {
            if (_isStopped)
            {
                return;
            }

            var now = _clock.GetTimestamp();
            if (now < _due)
            {
                Arm(_due - now); // a timer of the system may fire early; and the period may have been changed meanwhile
                return;
            }

            if (_options.Rhythm == PeriodicRhythm.FixedDelay)
            {
                if (_running + _ready.Count > 0)
                {
                    return; // a change of the period has armed it anew while a tick was on its way to its run; the end of that arms it again
                }

                _ready.Enqueue(_due);
            }
            else
            {
                var others = (now - _due) / _period;
                Admit(_due, others + 1);
                _due += (others + 1) * _period;
                Arm(_due - now);
            }
        }

        StartReady();
    }

    // Ticks that are due, the first of them at a given time. Under the lock.
    private void Admit(long due, long count)
    {
        if (_options.Missed == MissedTicks.Skip)
        {
            var fits = _running + _ready.Count < _options.MaxConcurrency;
            if (fits)
            {
                _ready.Enqueue(due + ((count - 1) * _period)); // the latest
            }

            _missed += count - (fits ? 1 : 0);
            return;
        }

        // Of more than can wait the oldest are left out.
        var most = _options.MaxCatchUp + Math.Max(0, _options.MaxConcurrency - _running);
        for (var kept = Math.Min(count, most); kept > 0; kept--)
        {
            _ready.Enqueue(due + ((count - kept) * _period));
        }

        _missed += Math.Max(0, count - most);
        while (_ready.Count > most)
        {
            _ready.Dequeue();
            _missed++;
        }
    }

    private void StartReady()
    {
        while (TryNext() is { } run)
        {
            try
            {
                _ = _spawner.Spawn(run.Body, _spawnOptions, _cancellation.Token).ContinueWith(
                    static (task, run) => ((Run)run!).OnTaskEnded(task), run, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            }
            catch (InvalidOperationException)
            {
                // What it runs on takes no work any more: the end, as if it had said so.
                Stop();
                Retract();
            }
        }
    }

    // A run that has been counted and never began.
    private void Retract()
    {
        lock (_lock)
        {
            _runs--;
        }

        OnEnded(error: null);
    }

    private Run? TryNext()
    {
        lock (_lock)
        {
            if (_isStopped || _running >= _options.MaxConcurrency || !_ready.TryDequeue(out var due))
            {
                return null;
            }

            _running++;
            var missed = _missed - _missedTold;
            _missedTold = _missed;
            return new Run(this, ++_runs, missed, due);
        }
    }

    private void OnEnded(Exception? error)
    {
        bool isOver;
        lock (_lock)
        {
            _running--;
            if (error is not null)
            {
                _failed++;
                _lastError = error;
            }

            if (!_isStopped && _options.Rhythm == PeriodicRhythm.FixedDelay)
            {
                _due = _clock.GetTimestamp() + _period;
                Arm(_period);
            }

            isOver = _isStopped && _running == 0;
        }

        if (error is not null && _options.StopOnError)
        {
            End(error);
        }
        else if (error is not null)
        {
            (_spawner as AsyncRuntime)?.ReportUnhandled(error);
        }

        if (isOver)
        {
            Complete();
        }
    }

    // Under the lock. Never early: rounded up.
    private void Arm(long units) => _timer!.Change(_units.Time(units), Timeout.InfiniteTimeSpan);

    private sealed class Run(PeriodicWork owner, long number, long missed, long due)
    {
        private bool _hasStarted;

        public async ValueTask Body(CancellationToken cancellationToken)
        {
            if (owner.IsStopped)
            {
                return; // stopped while it was queued: no run starts any more
            }

            _hasStarted = true;
            Exception? error = null;
            try
            {
                var late = owner._clock.GetElapsedTime(due, owner._clock.GetTimestamp());
                await owner._work(new PeriodicTick(number, missed, late), cancellationToken);
            }
            catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                error = exception;
                throw;
            }
            finally
            {
                owner.OnEnded(error);
                owner.StartReady();
            }
        }

        public void OnTaskEnded(Task task)
        {
            _ = task.Exception; // seen: it has been reported
            if (!_hasStarted) // stopped or cancelled before: then it has not come to its own end
            {
                owner.Retract();
            }
        }
    }
}
