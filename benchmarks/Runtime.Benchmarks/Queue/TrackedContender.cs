using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Runtime.Benchmarks.Queue;

/// <summary>The documentation's queue with what its users add by hand: a handle to await and look up, times, status and metrics.</summary>
/// <remarks>It still has no priority, deadline, cancellation, named queues or drain, and one consumer.</remarks>
internal sealed class TrackedContender(string name, int capacity, Resolve resolve) : QueueContender(name, resolve)
{
    // Set by OnStartedAsync.
    private DocumentationQueue _queue = null!;
    private TrackedWork.Registry _registry = null!;
    private MetricsSink _metrics = null!;
    private Func<IServiceProvider, CancellationToken, ValueTask> _work = null!;

    public override string Settings => $"as docs, capacity {capacity:N0}, plus a handle (Guid, status, three times, Task), a bounded dictionary of them, and listened metrics";

    public override async ValueTask SubmitAsync(int items)
    {
        for (var i = 0; i < items; i++)
        {
            await _queue.QueueAsync(_registry.Accept(_work).RunAsync);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        _metrics?.Dispose();
        await base.DisposeAsync();
    }

    protected override void Configure(HostApplicationBuilder builder)
    {
        builder.Services.AddSingleton(new DocumentationQueue(capacity));
        builder.Services.AddSingleton<TrackedWork.Registry>();
        builder.Services.AddHostedService<DocumentationHostedService>();
    }

    protected override ValueTask OnStartedAsync()
    {
        _metrics = new MetricsSink(Services);
        _queue = Services.GetRequiredService<DocumentationQueue>();
        _registry = Services.GetRequiredService<TrackedWork.Registry>();
        _work = (scope, _) =>
        {
            Work(scope);
            return default;
        };
        return default;
    }
}
