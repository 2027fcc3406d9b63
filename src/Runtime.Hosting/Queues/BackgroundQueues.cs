using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Runtime.Core;

namespace Runtime.Hosting.Queues;

/// <summary>All queues of an application, by name; also the tracker over all of them.</summary>
/// <remarks>Thread safe. Starting and stopping may happen in any order, any number of times; a stopped registry stays stopped.</remarks>
internal sealed class BackgroundQueues : IWorkTracker, IDisposable
{
    /// <summary>The name of the queue that is configured by <see cref="AsyncRuntimeHostingOptions.Queue"/>.</summary>
    public const string DefaultName = "default";

    private readonly QueueServices _services;
    private readonly ActivitySource _activities = new(QueueMetrics.MeterName);

    // Serialises changes of the table and of the started flag.
    private readonly Lock _lock = new();

    // All queues in the order of their numbers; replaced whole under the lock, so that readers need none.
    private volatile BackgroundQueue[] _queues = [];

    // Whether queues that are added from now on are to be started.
    private bool _started;

    // What was last configured, and how much of their capacity the queues that reject use, in percent; under _lock.
    private AsyncRuntimeHostingOptions _options;
    private int _capacityShare = 100;

    public BackgroundQueues(
        AsyncRuntime runtime,
        IServiceScopeFactory scopes,
        AsyncRuntimeHostingOptions options,
        IMeterFactory meters,
        ILoggerFactory loggers,
        TimeProvider timeProvider)
    {
        var clock = new QueueClock(timeProvider);
        var logger = loggers.CreateLogger(QueueLog.Category);
        _services = new QueueServices(
            runtime, scopes, clock, logger, new QueueMetrics(meters, clock, Snapshot), new WorkTracer(_activities, logger, clock), new SecretSource());
        _options = options;
        Apply(options);
    }

    /// <summary>What the queues share; for tests that make one of their own.</summary>
    public QueueServices Services => _services;

    public IBackgroundQueue Default => Get(DefaultName);

    /// <summary>Finds a queue.</summary>
    /// <exception cref="InvalidOperationException">There is none of that name.</exception>
    public IBackgroundQueue Get(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Find(_queues, name) ?? throw new InvalidOperationException(
            $"There is no queue '{Printable.Text(name)}'; the application has {string.Join(", ", _queues.Select(static q => $"'{q.Name}'"))}. "
            + $"Add it with AddQueue(\"{Printable.Text(name)}\"), or in the configuration under {AsyncRuntimeHostingOptions.SectionName}:{nameof(AsyncRuntimeHostingOptions.Queues)}.");
    }

    /// <summary>Puts new settings in force. A queue that is new is added; one that is no longer named keeps its settings, since it may hold work.</summary>
    public void Reconfigure(AsyncRuntimeHostingOptions options) => Apply(options);

    /// <summary>Has the queues that reject use this much of their capacity, in percent: 1 to 100. What they hold beyond it stays; new items are refused until it fits.</summary>
    public void SetCapacityShare(int percent)
    {
        lock (_lock)
        {
            if (_capacityShare != percent)
            {
                _capacityShare = percent;
                Apply_NeedsLock(_options);
            }
        }
    }

    /// <summary>Lets all queues accept work.</summary>
    public void Start()
    {
        lock (_lock)
        {
            _started = true;
        }

        foreach (var queue in _queues)
        {
            queue.Start();
        }
    }

    /// <summary>Stops all queues at once; see <see cref="BackgroundQueue.StopAsync"/>.</summary>
    /// <returns>The sum of what became of the work.</returns>
    public async Task<ShutdownReport> StopAsync(TimeSpan drain, TimeSpan cancel, CancellationToken cancellationToken)
    {
        var reports = await Task.WhenAll(_queues.Select(queue => queue.StopAsync(drain, cancel, cancellationToken)));
        return new ShutdownReport(
            reports.Sum(static r => r.Completed),
            reports.Sum(static r => r.Cancelled),
            reports.Sum(static r => r.Abandoned),
            reports.Max(static r => r.Elapsed));
    }

    /// <summary>Reads every queue; each one's numbers are of one moment.</summary>
    public IReadOnlyList<QueueSnapshot> Snapshot() => Array.ConvertAll(_queues, static queue => queue.Snapshot());

    public bool TryGet(Guid id, [NotNullWhen(true)] out WorkHandle? handle)
    {
        handle = null;
        var queues = _queues;
        return WorkIds.TryTakeApart(id, out var queue, out var number, out var secret)
            && queue < queues.Length
            && queues[queue].TryFind(number, secret, out handle);
    }

    public bool TryGet(string? id, [NotNullWhen(true)] out WorkHandle? handle)
    {
        handle = null;
        return Guid.TryParse(id, out var parsed) && TryGet(parsed, out handle);
    }

    public void Dispose() => _activities.Dispose();

    private void Apply(AsyncRuntimeHostingOptions options)
    {
        if (options.Queues.ContainsKey(DefaultName))
        {
            throw new InvalidOperationException(
                $"{AsyncRuntimeHostingOptions.SectionName}:{nameof(options.Queues)} has an entry '{DefaultName}'. That is the queue without a key: "
                + $"configure it under {AsyncRuntimeHostingOptions.SectionName}:{nameof(options.Queue)}, or choose another name.");
        }

        lock (_lock)
        {
            _options = options;
            Apply_NeedsLock(options);
        }
    }

    private void Apply_NeedsLock(AsyncRuntimeHostingOptions options)
    {
        Apply_NeedsLock(DefaultName, options, options.Queue);
        foreach (var (name, queue) in options.Queues)
        {
            Apply_NeedsLock(name, options, queue);
        }
    }

    private void Apply_NeedsLock(string name, AsyncRuntimeOptions runtime, BackgroundQueueOptions options)
    {
        var settings = QueueSettings.From(runtime, options, _services.Clock).WithCapacityShare(_capacityShare);
        if (Find(_queues, name) is { } known)
        {
            known.Reconfigure(settings);
            return;
        }

        if (_queues.Length == WorkIds.MaxQueues)
        {
            throw new InvalidOperationException(
                $"The queue '{Printable.Text(name)}' would be number {WorkIds.MaxQueues + 1}; {WorkIds.MaxQueues} are the limit. Use fewer queues and ConcurrencyKey to keep tenants apart.");
        }

        var added = new BackgroundQueue(name, _queues.Length, _services, settings);
        if (_started)
        {
            added.Start();
        }

        _queues = [.. _queues, added];
    }

    private static BackgroundQueue? Find(BackgroundQueue[] queues, string name) =>
        Array.Find(queues, queue => string.Equals(queue.Name, name, StringComparison.Ordinal));
}
