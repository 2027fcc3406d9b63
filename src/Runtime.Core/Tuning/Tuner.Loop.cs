namespace Runtime.Core.Tuning;

// The loop: start and stop, the timer, sleep and wake.
// Infallible: it runs on a timer, where an exception would end the process. Whatever throws in here is counted (see Faults), and the next sample comes as if nothing had happened.
public sealed partial class Tuner
{
    /// <summary>Makes the user's strategies, whose constructors may throw. At the start at the latest.</summary>
    internal void LoadStrategies()
    {
        if (_custom is null)
        {
            _custom = [.. _customSource.Select(strategy => new NamedStrategy(strategy, _watch))];
            _settings = _settings with { Strategies = [.. _custom, .. _settings.Strategies] };
        }
    }

    internal void Start()
    {
        LoadStrategies();
        _started = true;
        Run(BeginAnew);
        Arm();
    }

    internal void Stop()
    {
        if (_started)
        {
            _started = false;
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            Run(() => _engine.Abandon("the tuner stopped"));
        }
    }

    /// <summary>Puts new settings in force; a new interval counts from now.</summary>
    internal void Reconfigure(TunerOptions options)
    {
        var changed = SettingsOf(options);
        var (interval, enabled) = (_settings.Interval, _settings.Enabled);
        var gone = _settings.Strategies.Except(changed.Strategies).ToList();
        _settings = changed;
        Run(() => gone.ForEach(_engine.Retire));
        UndoIfFrozen();
        if (changed.Enabled && !enabled)
        {
            Run(BeginAnew);
        }
        else if (enabled && !changed.Enabled)
        {
            Run(() => _engine.Interrupt("the tuner was switched off"));
        }

        if (_started && (changed.Interval != interval || changed.Enabled != enabled))
        {
            Volatile.Write(ref _dormant, 0);
            Arm();
        }
    }

    /// <summary>Says that there is work. Costs one read unless the tuner is dormant; may be called from anywhere, any number of times.</summary>
    internal void NotifyActivity()
    {
        if (Volatile.Read(ref _dormant) == 1 && Interlocked.Exchange(ref _dormant, 0) == 1)
        {
            Run(_sampler.CountFromNow);
            Arm();
        }
    }

    // What happened while nobody looked says nothing about the time to come.
    private void BeginAnew()
    {
        _sampler.Restart();
        _idleParts = 0;
    }

    private TimeSpan Part()
    {
        var part = _settings.Interval / TrialJudge.Window;
        return part > ShortestPart ? part : ShortestPart;
    }

    private void Arm() => _timer.Change(_started && _settings.Enabled ? Part() : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    private void Tick()
    {
        if (_started)
        {
            Run(Sample);
        }
    }

    private void Sample()
    {
        if (!_started || !_settings.Enabled)
        {
            return;
        }

        var asleep = false;
        try
        {
            asleep = !TakeSample();
        }
        finally
        {
            if (!asleep)
            {
                Arm();
            }
        }
    }

    // Returns whether another sample is to follow.
    private bool TakeSample()
    {
        if (_sampler.Age < Part() / 2)
        {
            return true; // a tick that comes with a new interval or a wake-up: too early for a sample, and nobody else may have armed the timer
        }

        var sample = _sampler.Take();
        _idleParts = sample.IsIdle ? _idleParts + 1 : 0;
        if (_idleParts == TrialJudge.Window)
        {
            FallAsleep();
            return false;
        }

        if (!sample.IsIdle) // of a time in which nothing was asked for there is nothing to learn
        {
            _engine.Step(sample, _settings.Strategies, () => Frozen);
        }

        return true;
    }

    private void FallAsleep()
    {
        _engine.Interrupt("the work ended before a verdict"); // the load after the pause is another one
        if (Frozen is null)
        {
            _engine.ReturnAll("there is no work"); // a night of it may follow, and a burst that is to find what is configured
        }

        _idleParts = 0;
        Volatile.Write(ref _dormant, 1);
        _watchForActivity();
        if (_snapshot().Executed != _sampler.Executed)
        {
            NotifyActivity(); // work came between the sample and the watch
        }
    }

    // Now, or as soon as the strategy has returned that is under way.
    private void UndoIfFrozen()
    {
        if (Frozen is { } why)
        {
            Run(() => _engine.Freeze(why));
        }
    }

    // One after another, and whatever it throws goes no further.
    private void Run(Action action) => _serial.Run(() => Guarded(action));

    private void Guarded(Action action)
    {
        try
        {
            action();
        }
        catch (Exception exception)
        {
            Interlocked.Increment(ref _faults);
            _lastFault = exception.GetType().Name; // not its text: reading that is the exception's own code
        }
    }

    private Settings SettingsOf(TunerOptions options) => new(
        options.Enabled,
        options.Interval,
        options.Frozen,
        [.. _custom ?? [], .. _builtIn.Where(strategy => options.Strategies.Count == 0 || options.Strategies.Contains(strategy.Name, StringComparer.OrdinalIgnoreCase))]);

    private sealed record Settings(bool Enabled, TimeSpan Interval, bool Frozen, IReadOnlyList<IOptimizationStrategy> Strategies);
}
