using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using Runtime.Core.Cleanup;
using Runtime.Core.Diagnostics;
using Runtime.Core.Execution;
using Runtime.Core.IO;
using Runtime.Core.Lifecycle;
using Runtime.Core.Memory;
using Runtime.Core.Timing;
using Runtime.Core.Topology;

namespace Runtime.Core;

/// <summary>An asynchronous runtime: its own worker threads with work stealing and priorities, timers, and a pool for blocking calls.</summary>
/// <remarks>
/// Thread safe. Work, its continuations included, runs on the runtime's own threads: after any number of awaits, user code that was
/// started here is still here. An idle runtime uses no processor time. Any number of runtimes may live in one process.
/// </remarks>
[SuppressMessage("Design", "MA0046:Use EventHandler<T> to declare events", Justification = "UnhandledExceptionEventArgs is the BCL's own for this")]
public sealed partial class AsyncRuntime : IAsyncDisposable, IDisposable
{
    private readonly RuntimeLifecycle _lifecycle = new();
    private readonly WorkDispatcher _dispatcher;
    private readonly RuntimeTaskScheduler _taskScheduler;
    private readonly TimerService _timers;
    private readonly RuntimeMetrics _metrics;

    // What Reconfigure last accepted; replaced under _gate.
    private AsyncRuntimeOptions _options;

    /// <summary>Creates a runtime. It owns no thread until <see cref="StartAsync"/>.</summary>
    /// <param name="options">Its settings; <see langword="null"/> for the defaults.</param>
    /// <param name="meterFactory">Makes the meter <c>AsyncRuntime</c>; <see langword="null"/> for one of its own.</param>
    /// <exception cref="ArgumentException">A setting is out of its range; the message names it, its value, the rule and the remedy.</exception>
    public AsyncRuntime(AsyncRuntimeOptions? options = null, IMeterFactory? meterFactory = null)
    {
        _options = options ?? new AsyncRuntimeOptions();
        AsyncRuntimeOptionsRules.ThrowIfInvalid(_options);
        _dispatcher = new WorkDispatcher(this, _lifecycle, _options);
        _dispatcher.UnhandledException += exception => UnhandledException?.Invoke(this, new UnhandledExceptionEventArgs(exception, isTerminating: false));
        _taskScheduler = new RuntimeTaskScheduler(_dispatcher);
        _timers = new TimerService(_options.Timers.Resolution, $"{_options.ThreadNamePrefix}-timers", new DueTimers(_dispatcher));
        _timers.SetSlack(_options.Timers.Slack);
        _eventLoop = new EventLoop(new RuntimeIO(_dispatcher), _timers.Provider, CreateDemultiplexer(_options.IO.Poller));
        _dispatcher.Scheduler.Poller = _eventLoop;
        MemoryPool = new TieredBufferPool(_options.Memory);
        Cleanup = new CleanupQueue(new RuntimeCleanup(_dispatcher, _timers.Provider), _options.Cleanup);
        _metrics = new RuntimeMetrics(Snapshot, meterFactory);
    }

    /// <summary>Gets the runtime on one of whose workers the caller is running, if any.</summary>
    public static AsyncRuntime? Current => WorkDispatcher.Current?.Owner as AsyncRuntime;

    /// <summary>Gets the lifecycle state.</summary>
    public RuntimeState State => _lifecycle.State;

    /// <summary>Gets a clock whose timers run on the runtime's wheel and call back on its workers. Before the start and after the stop they are the system's.</summary>
    public TimeProvider TimeProvider => _timers.Provider;

    /// <summary>Gets a task scheduler that runs tasks on the workers, e.g. for a <see cref="TaskFactory"/>. After the stop it uses the ThreadPool.</summary>
    public TaskScheduler TaskScheduler => _taskScheduler;

    /// <summary>Gets a token that is cancelled when a stop has waited long enough; spawned work gets it as its own.</summary>
    public CancellationToken Stopping => _dispatcher.Stopping;

    /// <summary>Gets how many workers there are now.</summary>
    public int WorkerCount => _dispatcher.Scheduler.WorkerCount;

    /// <summary>Raised, on the thread concerned, for an exception that no task carries: from posted work, a timer callback, an <c>async void</c> method.</summary>
    /// <remarks>The worker goes on. A handler must not throw; what it throws is ignored.</remarks>
    public event UnhandledExceptionEventHandler? UnhandledException;

    /// <summary>Raised once after <see cref="WatchForActivity"/>, on a worker, when there is work again. Handlers must be quick.</summary>
    internal event Action? ActivityResumed
    {
        add => _dispatcher.ActivityResumed += value;
        remove => _dispatcher.ActivityResumed -= value;
    }

    /// <summary>Raised, on a thread of the runtime's own, when an item has blocked its worker for 100 ms or more. Handlers must be quick.</summary>
    internal event Action<BlockedWorker>? WorkerBlocked
    {
        add => _dispatcher.WorkerBlocked += value;
        remove => _dispatcher.WorkerBlocked -= value;
    }

    /// <summary>Why threads do not have the priority that the options ask for, or <see langword="null"/> when they do.</summary>
    internal string? IsolationProblem => _dispatcher.IsolationProblem;

    /// <summary>Whether the workers' processor time is bounded.</summary>
    internal bool HasCpuShare => _dispatcher.Scheduler.CpuShare is not null;

    /// <summary>Suspends the caller and resumes it behind everything of its priority that waits, so that other work gets its turn.</summary>
    /// <returns>Something to await. Outside a runtime it acts as <see cref="Task.Yield"/>.</returns>
    public static RuntimeYieldAwaitable Yield() => default;

    /// <summary>Gets the clock with timers that may fire late, so that many of them fire in one wake-up of the processor.</summary>
    /// <param name="slack">How much later than its time a timer may fire: zero or more, up to 4,294,967,294 ms. Never earlier.</param>
    /// <returns>As <see cref="TimeProvider"/>; see <see cref="RuntimeTimeProvider.WithSlack"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The slack is negative or too long.</exception>
    public RuntimeTimeProvider TimeProviderWithSlack(TimeSpan slack) => _timers.Provider.WithSlack(slack);

    /// <summary>Changes the settings that can change while running: workers, stealing, priorities, starvation threshold, isolation, CPU share, placement, slack of timers, the bounds of the buffer pool, the cleanup.</summary>
    /// <param name="options">The new settings, whole. <see cref="TimerOptions.Resolution"/> applies from the next start only.</param>
    /// <exception cref="ArgumentException">A setting is out of its range; nothing has changed then.</exception>
    public void Reconfigure(AsyncRuntimeOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        AsyncRuntimeOptionsRules.ThrowIfInvalid(options);
        lock (_gate)
        {
            _options = options;
            MemoryPool.Reconfigure(options.Memory);
            Cleanup.Reconfigure(options.Cleanup);
            _timers.SetSlack(options.Timers.Slack);
            _dispatcher.Blocking.UseIsolation(options.Isolation);
            PlaceWorkers(options);
            if (State is RuntimeState.Initializing or RuntimeState.Running or RuntimeState.ShuttingDown) // a drain needs its workers
            {
                _dispatcher.Scheduler.Reconfigure(options, EffectiveWorkers(options));
            }
            else
            {
                _dispatcher.Scheduler.Reconfigure(options, workers: 0);
            }
        }
    }

    /// <summary>Stops the runtime, if it runs, and releases what it holds.</summary>
    /// <returns>A task that ends with the stop.</returns>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None).ConfigureAwait(false);
        await Cleanup.CloseAsync(_options.Shutdown.CancelTimeout).ConfigureAwait(false); // of a runtime that never started
        _metrics.Dispose(); // of a runtime that never started
        MemoryPool.Dispose();
    }

    /// <summary>As <see cref="DisposeAsync"/>, and waits for it. For owners that cannot await, such as a service provider that is disposed synchronously.</summary>
    [SuppressMessage("Usage", "VSTHRD002:Avoid problematic synchronous waits", Justification = "The stop runs on the ThreadPool and waits for no context")]
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    /// <summary>Asks for one <see cref="ActivityResumed"/>. Costs a worker one load per unpark.</summary>
    internal void AddLookout(Func<bool> lookout) => _dispatcher.Scheduler.AddLookout(lookout);

    internal void ReportUnhandled(Exception exception) => _dispatcher.OnUnhandled(exception);

    internal void WatchForActivity() => _dispatcher.Scheduler.WatchForActivity();

    // What a configured worker count means: 0 is one for each processor that the process may use, container limits included.
    internal static int EffectiveWorkers(AsyncRuntimeOptions options)
    {
        var wanted = options.WorkerThreads == 0 ? CpuTopologyReader.ReadAvailable().Count() : options.WorkerThreads;
        var (least, most) = WorkerBounds(options);
        return Math.Clamp(wanted, least, most);
    }

    // The bounds that the tuner keeps to as well.
    internal static (int Least, int Most) WorkerBounds(AsyncRuntimeOptions options)
    {
        var least = options.MinWorkerThreads;
        return (least, options.MaxWorkerThreads != 0 ? options.MaxWorkerThreads : Math.Max(least, Math.Max(CpuTopologyReader.ReadAvailable().Count(), options.WorkerThreads)));
    }
}
