using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Runtime.Core;
using Runtime.Core.Execution;
using Runtime.Core.Tuning;
using Runtime.Hosting.Configuration;
using Runtime.Hosting.Endpoints;
using Runtime.Hosting.Jobs;
using Runtime.Hosting.Queues;
using Runtime.Hosting.Tuning;

namespace Runtime.Hosting.Lifetime;

/// <summary>Starts the runtime with its timers, then the queues and the tuner, before any service of the application; stops them, in reverse order, after all.</summary>
/// <remarks>
/// The start is in <see cref="StartingAsync"/> and the stop in <see cref="StoppedAsync"/>: the host calls those of every service before,
/// and after, it starts and stops any. So a service of the application may enqueue in its own start and stop wherever it was registered.
/// This one is registered first of all as well, for services that themselves use those two moments.
/// </remarks>
internal sealed partial class RuntimeService(
    AsyncRuntime runtime,
    BackgroundQueues queues,
    JobEngine jobs,
    TunableRuntime tunable,
    Tuner tuner,
    TunerLog tunerLog,
    LiveOptions options,
    IOptions<HostOptions> hostOptions,
    ILogger<AsyncRuntime> logger,
    IConfiguration? configuration = null,
    EndpointServer? endpoints = null) : IHostedLifecycleService, IDisposable
{
    // Puts settings in force one after another.
    private readonly Lock _applying = new();
    private IDisposable? _subscription;

    // The last problem with thread priorities that was logged.
    private string? _reportedProblem;

    // What was last logged of where workers run: nothing, while that is left to the system as it is by default.
    private string? _reportedPlacement;
    private string? _reportedRefusal;

    // Seastar's rate for stall reports: enough to see what it is, not enough to fill a disk.
    private readonly ReportBudget _blockedReports = new(5, TimeSpan.FromMinutes(1), TimeProvider.System);

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        tuner.LoadStrategies(); // before anything runs, for a constructor may throw
        if (endpoints is not null)
        {
            await endpoints.StartAsync(cancellationToken);
        }

        runtime.UnhandledException += OnUnhandledException;
        runtime.WorkerBlocked += OnWorkerBlocked;
        runtime.EventLoop.PollerChosen += OnPollerChosen;
        await runtime.StartAsync(cancellationToken);
        queues.Start();
        await jobs.StartAsync(cancellationToken);
        _subscription = options.OnChange((_, _) => Apply());
        Apply(); // what changed since the runtime was made
        tunerLog.Attach();
        runtime.ActivityResumed += tuner.NotifyActivity;
        tuner.Start();
        CheckConfiguration();
        CheckShutdownBudget(options.CurrentValue.Shutdown);
        LogStarted(runtime.WorkerCount);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        ReportIsolation(); // by now the workers have taken, or been refused, their place behind the requests
        ReportPlacement();
        return Task.CompletedTask;
    }

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        _subscription?.Dispose();
        tuner.Stop(); // a drain is no load to tune for

        // Queues and runtime share the one drain: what the queues leave of it is what spawned work still gets.
        var shutdown = options.CurrentValue.Shutdown;
        using var drain = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        drain.CancelAfter(shutdown.DrainTimeout);
        var durable = jobs.StopAsync(shutdown.DrainTimeout, shutdown.CancelTimeout, cancellationToken);
        var queued = await queues.StopAsync(shutdown.DrainTimeout, shutdown.CancelTimeout, cancellationToken);
        await durable;
        var spawned = await runtime.StopAsync(drain.Token);
        Report(queued, spawned);
        if (endpoints is not null)
        {
            await endpoints.StopAsync(cancellationToken);
        }
    }

    public void Dispose()
    {
        _subscription?.Dispose();
        runtime.UnhandledException -= OnUnhandledException;
        runtime.WorkerBlocked -= OnWorkerBlocked;
        runtime.EventLoop.PollerChosen -= OnPollerChosen;
        runtime.ActivityResumed -= tuner.NotifyActivity;
    }

    private void Apply()
    {
        lock (_applying)
        {
            var current = options.CurrentValue;
            tunable.Reconfigure(current);
            queues.Reconfigure(current);
            tuner.Reconfigure(current.Tuner);
        }

        ReportIsolation();
        ReportPlacement();
        CheckShutdownBudget(options.CurrentValue.Shutdown);
    }

    private void CheckConfiguration()
    {
        if (configuration?.GetSection(AsyncRuntimeHostingOptions.SectionName) is { } section)
        {
            foreach (var (key, closest) in UnknownKeys.Find(section))
            {
                LogUnknownKey(key, closest);
            }
        }
    }

    private void CheckShutdownBudget(ShutdownOptions shutdown)
    {
        var needed = shutdown.DrainTimeout + shutdown.CancelTimeout;
        var allowed = hostOptions.Value.ShutdownTimeout;
        if (allowed != Timeout.InfiniteTimeSpan && needed >= allowed)
        {
            LogShutdownBudgetTooSmall(needed, allowed);
        }
    }

    private void ReportIsolation()
    {
        if (runtime.IsolationProblem is { } problem && Interlocked.Exchange(ref _reportedProblem, problem) != problem)
        {
            LogIsolationRefused(problem);
        }
    }

    private void ReportPlacement()
    {
        var topology = options.CurrentValue.Topology;
        var placement = topology.PinThreads || topology.NumaAware || _reportedPlacement is not null ? runtime.Placement : null;
        if (placement is not null && Interlocked.Exchange(ref _reportedPlacement, placement) != placement)
        {
            LogPlacementChosen(placement);
        }

        if (runtime.PlacementProblem is { } problem && Interlocked.Exchange(ref _reportedRefusal, problem) != problem)
        {
            LogPlacementRefused(problem);
        }
    }

    private void Report(ShutdownReport queued, ShutdownReport spawned)
    {
        var completed = queued.Completed + spawned.Completed;
        var cancelled = queued.Cancelled + spawned.Cancelled;
        var abandoned = queued.Abandoned + spawned.Abandoned;
        if (abandoned > 0)
        {
            LogWorkAbandoned(completed, cancelled, abandoned, Counts(queued), Counts(spawned));
        }
        else
        {
            LogStopped(completed, cancelled, Counts(queued), Counts(spawned));
        }
    }

    private static string Counts(ShutdownReport report) =>
        string.Create(CultureInfo.InvariantCulture, $"{report.Completed}/{report.Cancelled}/{report.Abandoned}");

    private void OnWorkerBlocked(BlockedWorker blocked)
    {
        if (_blockedReports.TryTake())
        {
            LogWorkerBlocked(Printable.Text(blocked.Item), blocked.Worker, blocked.Duration);
        }
    }

    // On the thread of whoever registers the first handle, who is not to lose it to a log provider.
    private void OnPollerChosen(string poller)
    {
        try
        {
            LogPollerChosen(poller);
        }
        catch (Exception exception)
        {
            runtime.ReportUnhandled(exception);
        }
    }

    private void OnUnhandledException(object sender, UnhandledExceptionEventArgs args) => LogUnhandledException(args.ExceptionObject as Exception);
}
