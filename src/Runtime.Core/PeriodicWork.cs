using System.Diagnostics.CodeAnalysis;
using Runtime.Core.Timing;

namespace Runtime.Core;

/// <summary>Work that is repeated. Made by <see cref="PeriodicWorkExtensions.SpawnPeriodic"/>.</summary>
/// <remarks>Thread safe. It goes on until it is stopped, by its owner, by its token or by the stop of what it runs on; nobody has to hold it.</remarks>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "It is, asynchronously, and lets go of them when it ends by itself")]
public sealed partial class PeriodicWork : IAsyncDisposable
{
    private readonly ITaskSpawner _spawner;
    private readonly Func<PeriodicTick, CancellationToken, ValueTask> _work;
    private readonly PeriodicOptions _options;
    private readonly SpawnOptions _spawnOptions;
    private readonly TimeProvider _clock;

    // For its exact conversions: a period that were off by a nanosecond would be off by as many as there have been ticks.
    private readonly TickClock _units;
    private readonly TimeSpan _firstPeriod;
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _cancellation = new();

    // Guards all that follows. No code of users' runs under it.
    private readonly Lock _lock = new();

    // Ticks that have come and wait for room, by the time at which they were due.
    private readonly Queue<long> _ready = [];
    private ITimer? _timer;
    private CancellationTokenRegistration _onStop;
    private CancellationTokenRegistration _onCancel;
    private long _period;
    private long _due;
    private int _running;
    private long _runs;
    private long _failed;
    private long _missed;
    private long _missedTold;
    private bool _isStopped;
    private Exception? _lastError;

    // The failure that ended it.
    private Exception? _fatal;

    internal PeriodicWork(ITaskSpawner spawner, TimeSpan period, Func<PeriodicTick, CancellationToken, ValueTask> work, PeriodicOptions options)
    {
        _spawner = spawner;
        _work = work;
        _options = options;
        _spawnOptions = new SpawnOptions { Priority = options.Priority, Name = options.Name };
        _clock = spawner is AsyncRuntime runtime && options.Slack > TimeSpan.Zero ? runtime.TimeProviderWithSlack(options.Slack) : spawner.TimeProvider;
        _units = new TickClock(_clock, TimeSpan.FromMilliseconds(1));
        _firstPeriod = period;
        _period = _units.Units(period);
    }

    /// <summary>Gets a task that ends when it has been stopped and no run goes on: with the failure of the run that ended it, if <see cref="PeriodicOptions.StopOnError"/> did.</summary>
    public Task Completion => _completion.Task;

    /// <summary>Gets how many runs have been started.</summary>
    public long Runs => Read(ref _runs);

    /// <summary>Gets how many runs have failed.</summary>
    public long Failed => Read(ref _failed);

    /// <summary>Gets how many ticks have been left out.</summary>
    public long Missed => Read(ref _missed);

    /// <summary>Gets how many runs go on now.</summary>
    public int Running => Read(ref _running);

    /// <summary>Gets the failure of the last run that failed.</summary>
    public Exception? LastError => Volatile.Read(ref _lastError);

    /// <summary>Changes the period. The next tick comes one new period from now; with <see cref="PeriodicRhythm.FixedDelay"/>, and while a run goes on, from the end of that.</summary>
    /// <param name="period">1 ms to 4,294,967,294 ms.</param>
    /// <returns><see langword="false"/> when it has been stopped.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The period is out of its range.</exception>
    public bool Change(TimeSpan period)
    {
        CheckPeriod(period, nameof(period));
        lock (_lock)
        {
            if (_isStopped)
            {
                return false;
            }

            _period = _units.Units(period);
            if (_options.Rhythm == PeriodicRhythm.FixedRate || _running == 0)
            {
                _due = _clock.GetTimestamp() + _period;
                Arm(_period);
            }

            return true;
        }
    }

    /// <summary>Stops it: no run starts any more, also none that is queued for a worker. What runs goes on to its end; await <see cref="Completion"/> for that. May be called by a run, and again.</summary>
    public void Stop() => End(error: null);

    /// <summary>Stops it, cancels the token of what runs, and waits for its end. Not for a run of its own, which would wait for itself: use <see cref="Stop"/> there.</summary>
    /// <returns>A task that ends when no run goes on. It does not fail: what the runs threw has been reported.</returns>
    public async ValueTask DisposeAsync()
    {
        await CancelAsync().ConfigureAwait(false);
        await Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private bool IsStopped => Read(ref _isStopped);

    internal void Start(CancellationToken cancellationToken)
    {
        var delay = _options.InitialDelay ?? _firstPeriod;
        lock (_lock)
        {
            _due = _clock.GetTimestamp() + _units.Units(delay);
            _timer = _clock.CreateTimer(static self => ((PeriodicWork)self!).OnTick(), this, delay, Timeout.InfiniteTimeSpan);
        }

        // Outside of the lock: what is cancelled already ends it inside these calls.
        var stops = _spawner is AsyncRuntime runtime ? runtime.StopBegun : _spawner.Stopping;
        Keep(ref _onStop, stops.UnsafeRegister(static self => ((PeriodicWork)self!).Stop(), this));
        Keep(ref _onCancel, cancellationToken.UnsafeRegister(static self => _ = ((PeriodicWork)self!).CancelAsync(), this));
    }

    private Task CancelAsync()
    {
        Stop();
        return _cancellation.CancelAsync();
    }

    private void End(Exception? error)
    {
        bool isOver;
        lock (_lock)
        {
            if (_isStopped)
            {
                return;
            }

            _isStopped = true;
            _fatal = error;
            _timer?.Dispose();
            _ready.Clear();
            isOver = _running == 0;
        }

        if (isOver)
        {
            Complete();
        }
    }

    private void Complete()
    {
        CancellationTokenRegistration stop, cancel;
        Exception? fatal;
        lock (_lock)
        {
            (stop, cancel, fatal) = (_onStop, _onCancel, _fatal);
        }

        if (fatal is null)
        {
            _completion.TrySetResult();
        }
        else
        {
            _completion.TrySetException(fatal);
        }

        stop.Unregister();
        cancel.Unregister();
    }

    // What ended before its registration was kept is of no use any more.
    private void Keep(ref CancellationTokenRegistration place, CancellationTokenRegistration registration)
    {
        lock (_lock)
        {
            if (!_isStopped)
            {
                place = registration;
                return;
            }
        }

        registration.Unregister();
    }

    private T Read<T>(ref T counter)
    {
        lock (_lock)
        {
            return counter;
        }
    }
}
