namespace Runtime.Core.Tuning;

/// <summary>Watches a running runtime and turns its knobs within the user's bounds: sample, recommend, apply, judge the effect, keep or undo.</summary>
/// <remarks>
/// Thread safe. Every decision is recorded with its reason. A sample that shows no work is the last one until there is work again, so an
/// idle runtime is left in peace. Samples are taken on the ThreadPool by a timer of the system: a tuner that ran on the workers it watches
/// would be blind when all of them are stuck.
/// </remarks>
public sealed class Tuner : IDisposable
{
    private static readonly IOptimizationStrategy[] BuiltIn = [new ThreadCountStrategy(), new WorkStealingStrategy()];

    private readonly DecisionLog _decisions = new();
    private readonly IOptimizationStrategy[] _custom;
    private readonly Func<RuntimeSnapshot> _snapshot;
    private readonly Action _watchForActivity;
    private readonly TuningSampler _sampler;
    private readonly TuningEngine _engine;
    private readonly ITimer _timer;

    // Swapped whole by Reconfigure.
    private volatile Settings _settings;

    // 1 while a sample is being taken. By Interlocked; whoever sets it owns sampler and engine.
    private int _sampling;

    // 1 while no timer is armed because there is no work. By Interlocked; whoever clears it arms the timer.
    private int _dormant;

    // Set by Start and cleared by Stop.
    private volatile bool _started;

    /// <summary>Creates a tuner; it does nothing until <see cref="Start"/>.</summary>
    /// <param name="runtime">What it turns.</param>
    /// <param name="snapshot">Reads the runtime.</param>
    /// <param name="watchForActivity">Asks for one call of <see cref="NotifyActivity"/> as soon as there is work again.</param>
    /// <param name="custom">Strategies of the user; they are always on, and asked before the built-in ones.</param>
    /// <param name="clock">Takes the samples' time.</param>
    /// <param name="options">The settings.</param>
    internal Tuner(
        IRuntimeTunable runtime, Func<RuntimeSnapshot> snapshot, Action watchForActivity, IEnumerable<IOptimizationStrategy> custom, TimeProvider clock, TunerOptions options)
    {
        _custom = [.. custom];
        _settings = Settings.Of(options, _custom);
        _snapshot = snapshot;
        _watchForActivity = watchForActivity;
        _sampler = new(snapshot, runtime, clock);
        _engine = new(runtime, clock, Record, (strategy, exception) => StrategyFailed?.Invoke(strategy, exception));
        _timer = clock.CreateTimer(static self => ((Tuner)self!).Tick(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Called for each decision, on the thread that samples. Set before the start.</summary>
    internal Action<TuningDecision>? Decided { get; set; }

    /// <summary>Called when a strategy throws, with its name. Set before the start.</summary>
    internal Action<string, Exception>? StrategyFailed { get; set; }

    /// <summary>Gets the latest decisions, at most 256, oldest first.</summary>
    public IReadOnlyList<TuningDecision> Decisions => _decisions.ToList();

    /// <summary>Stops for good.</summary>
    public void Dispose()
    {
        Stop();
        _timer.Dispose();
    }

    internal void Start()
    {
        _started = true;
        Restart();
        Arm();
    }

    internal void Stop()
    {
        _started = false;
        _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Puts new settings in force; a new interval counts from now.</summary>
    internal void Reconfigure(TunerOptions options)
    {
        var changed = Settings.Of(options, _custom);
        var interval = _settings.Interval;
        var enabled = _settings.Enabled;
        _settings = changed;
        if (changed.Enabled && !enabled)
        {
            Restart();
        }

        if (_started && (changed.Interval != interval || changed.Enabled != enabled))
        {
            Arm();
        }
    }

    /// <summary>Says that there is work. Costs one read unless the tuner is dormant; may be called from anywhere, any number of times.</summary>
    internal void NotifyActivity()
    {
        if (Volatile.Read(ref _dormant) == 1 && Interlocked.Exchange(ref _dormant, 0) == 1)
        {
            _sampler.CountFromNow();
            Arm();
        }
    }

    // What happened while nobody looked says nothing about the time to come.
    private void Restart()
    {
        if (Interlocked.Exchange(ref _sampling, 1) == 0)
        {
            _sampler.Restart();
            Volatile.Write(ref _sampling, 0);
        }
    }

    private void Arm()
    {
        var settings = _settings;
        _timer.Change(_started && settings.Enabled ? settings.Interval : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    private void Tick()
    {
        if (!_started || Interlocked.Exchange(ref _sampling, 1) == 1)
        {
            return; // two ticks at once come of a new interval; the one that samples arms the timer again
        }

        bool idle;
        long executed;
        try
        {
            var settings = _settings;
            var sample = _sampler.Take();
            executed = _sampler.Executed;
            idle = sample.IsIdle;
            if (!idle)
            {
                _engine.Step(sample, settings.Strategies, settings.Frozen);
            }
        }
        finally
        {
            Volatile.Write(ref _sampling, 0);
        }

        if (!idle)
        {
            Arm();
            return;
        }

        Volatile.Write(ref _dormant, 1);
        _watchForActivity();
        if (_snapshot().Executed != executed)
        {
            NotifyActivity(); // work came between the sample and the watch
        }
    }

    private void Record(TuningDecision decision)
    {
        _decisions.Add(decision);
        Decided?.Invoke(decision);
    }

    private sealed record Settings(bool Enabled, TimeSpan Interval, bool Frozen, IOptimizationStrategy[] Strategies)
    {
        public static Settings Of(TunerOptions options, IOptimizationStrategy[] custom) => new(
            options.Enabled,
            options.Interval,
            options.Frozen,
            [.. custom, .. BuiltIn.Where(strategy => options.Strategies.Count == 0 || options.Strategies.Contains(strategy.Name, StringComparer.OrdinalIgnoreCase))]);
    }
}
