namespace Runtime.Core.Tuning;

/// <summary>Watches a running runtime and turns its knobs within the user's bounds: sample, recommend, apply, judge the effect, keep or undo.</summary>
/// <remarks>
/// Thread safe. Every decision is recorded with its reason. When an interval has passed without work no sample is taken until there is work again, so an
/// idle runtime is left in peace. Samples are taken on the ThreadPool by a timer of the system: a tuner that ran on the workers it watches
/// would be blind when all of them are stuck.
/// </remarks>
public sealed partial class Tuner : IDisposable
{
    // Samples are taken at a part of the interval, so that an interval has a scatter; but not more often than a timer can tell apart.
    private static readonly TimeSpan ShortestPart = TimeSpan.FromMilliseconds(2);

    private static readonly TimeSpan LongestCall = TimeSpan.FromSeconds(10);

    private readonly DecisionLog _decisions = new();

    // Strategies of the user. Not read before the start: one may ask for the tuner in its constructor, and that of the tuner is too early for it.
    private readonly IEnumerable<IOptimizationStrategy> _customSource;
    private IOptimizationStrategy[]? _custom;

    // One of each for this tuner: some remember what they have learned.
    private readonly IOptimizationStrategy[] _builtIn =
    [
        new HillClimbingStrategy(), new ThreadCountStrategy(), new QueueSizeStrategy(), new WorkStealingStrategy(), new CleanupThresholdStrategy(), new IsolationStrategy(), new EnergyStrategy(),
    ];

    private readonly Func<RuntimeSnapshot> _snapshot;
    private readonly Action _watchForActivity;
    private readonly IRuntimeTunable _runtime;
    private readonly TuningSampler _sampler;
    private readonly TuningEngine _engine;
    private readonly ITimer _timer;

    // Whoever touches sampler or engine does it in here.
    private readonly SerialWork _serial = new();

    private readonly StrategyWatch _watch;

    // Swapped whole by Reconfigure.
    private volatile Settings _settings;

    // Why Freeze was called; null after Unfreeze.
    private volatile string? _freeze;

    // Parts in a row without work; in _serial.
    private int _idleParts;

    // 1 while no timer is armed because there is no work. By Interlocked; whoever clears it arms the timer.
    private int _dormant;

    // Set by Start and cleared by Stop.
    private volatile bool _started;

    // What was thrown by those who listen to the tuner, or read the runtime for it. The count by Interlocked.
    private long _faults;
    private volatile string? _lastFault;

    /// <summary>Creates a tuner; it does nothing until <see cref="Start"/>.</summary>
    /// <param name="runtime">What it turns.</param>
    /// <param name="snapshot">Reads the runtime.</param>
    /// <param name="listen">Reads what is around it.</param>
    /// <param name="watchForActivity">Asks for one call of <see cref="NotifyActivity"/> as soon as there is work again.</param>
    /// <param name="custom">Strategies of the user; they are always on, and asked before the built-in ones. Enumerated once, by <see cref="LoadStrategies"/>.</param>
    /// <param name="clock">Takes the samples' time.</param>
    /// <param name="options">The settings.</param>
    internal Tuner(
        IRuntimeTunable runtime,
        Func<RuntimeSnapshot> snapshot,
        Func<TuningSignals> listen,
        Action watchForActivity,
        IEnumerable<IOptimizationStrategy> custom,
        TimeProvider clock,
        TunerOptions options)
    {
        _customSource = custom;
        _watch = new(clock);
        _settings = SettingsOf(options);
        _snapshot = snapshot;
        _watchForActivity = watchForActivity;
        _runtime = runtime;
        _sampler = new(snapshot, listen, runtime, clock);
        _engine = new(runtime, clock, Record, (strategy, exception) => Guarded(() => StrategyFailed?.Invoke(strategy, exception)));
        _timer = clock.CreateTimer(static self => ((Tuner)self!).Tick(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Called for each decision, on the thread that samples. Set before the start.</summary>
    internal Action<TuningDecision>? Decided { get; set; }

    /// <summary>Called when a strategy throws, with its name. Set before the start.</summary>
    internal Action<string, Exception>? StrategyFailed { get; set; }

    /// <summary>How often somebody threw who listens to the tuner or reads the runtime for it, a log provider say; and the type of the last exception.</summary>
    internal (long Count, string? Last) Faults => (Interlocked.Read(ref _faults), _lastFault);

    /// <summary>Which strategy has not returned for ten intervals, and ten seconds at least, and for how long. Nothing is sampled, changed or undone before it does.</summary>
    internal (string Strategy, TimeSpan For)? Stuck => _watch.Inside is { } inside && inside.For > LongestCall && inside.For > _settings.Interval * 10 ? inside : null;

    /// <summary>Gets the latest decisions, at most 256, oldest first.</summary>
    public IReadOnlyList<TuningDecision> Decisions => _decisions.ToList();

    /// <summary>Gets why nothing is changed at present; <see langword="null"/> while the tuner is free to.</summary>
    public string? Frozen => _freeze ?? (_settings.Frozen ? "Tuner:Frozen is true in the configuration" : null);

    /// <summary>Gets whether no sample is taken because there is no work.</summary>
    public bool IsAsleep => Volatile.Read(ref _dormant) == 1;

    /// <summary>Gets the names of the strategies that are asked, in this order.</summary>
    public IReadOnlyList<string> Strategies => [.. _settings.Strategies.Select(static strategy => strategy.Name)];

    /// <summary>Stops for good.</summary>
    public void Dispose()
    {
        Stop();
        _timer.Dispose();
    }

    /// <summary>Forbids changes from now on: what is on trial is undone, and recommendations are only recorded. Freezing again replaces the reason.</summary>
    /// <param name="reason">Why; shown in <c>/health</c> and <c>/runtime/tuner</c>.</param>
    /// <exception cref="ArgumentException">There is no reason.</exception>
    public void Freeze(string reason)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(reason);
        _freeze = reason;
        UndoIfFrozen();
    }

    /// <summary>Takes back <see cref="Freeze"/>. A tuner that the configuration freezes stays frozen.</summary>
    public void Unfreeze() => _freeze = null;

    private void Record(TuningDecision decision)
    {
        _decisions.Add(decision);
        Guarded(() => Decided?.Invoke(decision)); // a log that is out of order changes nothing about a decision
    }
}
