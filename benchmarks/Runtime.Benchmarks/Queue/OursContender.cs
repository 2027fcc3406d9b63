using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Runtime.Benchmarks.Harness;
using Runtime.Core;
using Runtime.Hosting;

namespace Runtime.Benchmarks.Queue;

/// <summary>This project's queue with everything on: handle, priority, history, and metrics that somebody listens to.</summary>
internal sealed class OursContender(string name, OursSettings settings, Resolve resolve) : QueueContender(name, resolve)
{
    // Handles of the round, when they are awaited.
    private WorkHandle[] _handles = [];

    // Set by OnStartedAsync.
    private IBackgroundQueue _queue = null!;
    private MetricsSink? _metrics;
    private Func<IServiceProvider, CancellationToken, ValueTask> _work = null!;
    private Func<ScopedService, CancellationToken, ValueTask> _serviceWork = null!;

    public override string Settings => settings.Describe();

    public override int Consumers => Environment.ProcessorCount;

    public override async ValueTask SubmitAsync(int items)
    {
        if (settings.AwaitAll && _handles.Length != items)
        {
            _handles = new WorkHandle[items];
        }

        for (var i = 0; i < items; i++)
        {
            var handle = settings.TypedService ? await _queue.EnqueueAsync(_serviceWork) : await _queue.EnqueueAsync(_work);
            if (settings.AwaitAll)
            {
                _handles[i] = handle;
            }
        }
    }

    public override async ValueTask DisposeAsync()
    {
        _metrics?.Dispose();
        await base.DisposeAsync();
    }

    protected override string Describe() => $"{_queue.Count:N0} are queued; {Services.GetRequiredService<AsyncRuntime>().Snapshot()} {string.Join(", ", Services.GetRequiredService<AsyncRuntime>().Snapshot().Workers)}";

    protected override void Configure(HostApplicationBuilder builder)
    {
        builder.Configuration.AddInMemoryCollection(settings.Configuration);
        builder.Services.AddAsyncRuntime();
    }

    protected override ValueTask OnStartedAsync()
    {
        _metrics = settings.Metrics ? new MetricsSink(Services) : null;
        _queue = Services.GetRequiredService<IBackgroundQueue>();
        _work = (scope, _) =>
        {
            Work(scope);
            return default;
        };
        _serviceWork = static (service, _) =>
        {
            service.Work();
            return default;
        };
        return default;
    }

    protected override async ValueTask<bool> SettleAsync()
    {
        foreach (var handle in _handles)
        {
            await handle;
        }

        return settings.AwaitAll;
    }
}

/// <summary>How a contender uses the queue.</summary>
internal sealed record OursSettings
{
    /// <summary>Gets whether the item names a service instead of taking the provider.</summary>
    public bool TypedService { get; init; }

    /// <summary>Gets whether every handle is kept and awaited.</summary>
    public bool AwaitAll { get; init; }

    /// <summary>Gets whether somebody listens to the metrics.</summary>
    public bool Metrics { get; init; } = true;

    /// <summary>Gets configuration on top of the defaults.</summary>
    public IReadOnlyDictionary<string, string?> Configuration { get; init; } = new Dictionary<string, string?>(StringComparer.Ordinal);

    /// <summary>Gets the default settings, with those that the command line changes.</summary>
    public static OursSettings From(Arguments arguments)
    {
        var configuration = arguments.Text("set").Split(',', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=', 2));
        return new OursSettings
        {
            Configuration = configuration.ToDictionary(pair => $"{AsyncRuntimeHostingOptions.SectionName}:{pair[0]}", pair => (string?)pair[1], StringComparer.Ordinal),
        };
    }

    public string Describe() => string.Join(", ", new[]
    {
        Configuration.Count == 0 ? "default options" : string.Join(' ', Configuration.Select(p => $"{p.Key}={p.Value}")),
        Metrics ? "metrics listened to" : "metrics not listened to",
        TypedService ? "EnqueueAsync<TService>" : "EnqueueAsync with the scope's provider",
        AwaitAll ? "every handle awaited" : "handles dropped",
    });
}
