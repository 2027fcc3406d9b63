using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Runtime.Core;
using Runtime.Hosting.Queues;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Queues;

/// <summary>A real runtime with its queues and a service provider, without a host around them.</summary>
public sealed class QueueRig : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    // Opened at the end, so that a test that fails does not wait for an item that it holds: on a manual clock the stop would wait for ever.
    private readonly System.Collections.Concurrent.ConcurrentBag<Gate> _gates = [];

    private QueueRig(ServiceProvider services, AsyncRuntime runtime, AsyncRuntimeHostingOptions options, TimeProvider? clock, CapturedLogs logs)
    {
        _services = services;
        Runtime = runtime;
        Options = options;
        Logs = logs;
        Queues = new BackgroundQueues(
            runtime,
            services.GetRequiredService<IServiceScopeFactory>(),
            options,
            services.GetRequiredService<IMeterFactory>(),
            services.GetRequiredService<ILoggerFactory>(),
            clock ?? runtime.TimeProvider);
    }

    public AsyncRuntime Runtime { get; }

    public AsyncRuntimeHostingOptions Options { get; }

    public CapturedLogs Logs { get; }

    internal BackgroundQueues Queues { get; }

    internal BackgroundQueue Queue => (BackgroundQueue)Queues.Default;

    internal QueueSnapshot Snapshot => Queue.Snapshot();

    public IMeterFactory Meters => _services.GetRequiredService<IMeterFactory>();

    public static async Task<QueueRig> StartAsync(
        Action<AsyncRuntimeHostingOptions>? configure = null,
        Action<IServiceCollection>? services = null,
        TimeProvider? clock = null,
        bool log = true)
    {
        var options = new AsyncRuntimeHostingOptions { WorkerThreads = 2, MaxReserveThreads = 0, Isolation = WorkerIsolation.None }; // tests hold workers by blocking them
        configure?.Invoke(options);
        var logs = new CapturedLogs();
        var collection = new ServiceCollection();
        collection.AddMetrics();
        collection.AddLogging(builder =>
        {
            if (log)
            {
                builder.SetMinimumLevel(LogLevel.Trace).AddProvider(logs);
            }
        });
        collection.AddScoped(static _ => WorkItemContext.Current);
        services?.Invoke(collection);

        var runtime = new AsyncRuntime(options);
        await runtime.StartAsync();
        var rig = new QueueRig(collection.BuildServiceProvider(validateScopes: true), runtime, options, clock, logs);
        rig.Queues.Start();
        return rig;
    }

    /// <summary>A rig whose default queue runs one item at a time.</summary>
    public static Task<QueueRig> StartSerialAsync(Action<AsyncRuntimeHostingOptions>? configure = null, Action<IServiceCollection>? services = null, TimeProvider? clock = null) =>
        StartAsync(
            options =>
            {
                options.Queue.MaxConcurrency = 1;
                configure?.Invoke(options);
            },
            services,
            clock);

    /// <summary>Takes one concurrency place until the gate is opened.</summary>
    public async Task<Gate> HoldAsync(EnqueueOptions? options = null)
    {
        var gate = new Gate();
        _gates.Add(gate);
        gate.Handle = await Queue.EnqueueAsync(
            async ct =>
            {
                gate.Started.TrySetResult();
                await gate.Opened.Task;
            },
            options ?? new EnqueueOptions { Priority = TaskPriority.Critical });
        await gate.Started.Task.Guard();
        return gate;
    }

    public void Reconfigure(Action<AsyncRuntimeHostingOptions> change)
    {
        change(Options);
        Queues.Reconfigure(Options);
    }

    /// <summary>Fails unless every accepted item is in exactly one counter.</summary>
    internal static void ShouldAddUp(QueueSnapshot s)
    {
        (s.Queued + s.Running + s.Succeeded + s.Failed + s.Cancelled + s.Dropped + s.Abandoned).ShouldBe(s.Accepted, s.ToString());
        s.QueuedByPriority.Sum().ShouldBe(s.Queued, s.ToString());
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var gate in _gates)
        {
            gate.Open();
        }

        await Queues.StopAsync(Guards.Patience, Guards.Patience, CancellationToken.None);
        ShouldAddUp(Snapshot);
        await Runtime.DisposeAsync();
        Queues.Dispose();
        await _services.DisposeAsync();
    }

    public sealed class Gate
    {
        public TaskCompletionSource Started { get; } = Signals.New();

        public TaskCompletionSource Opened { get; } = Signals.New();

        public WorkHandle Handle { get; set; } = null!;

        public void Open() => Opened.TrySetResult();
    }
}
