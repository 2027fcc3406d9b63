using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Runtime.Benchmarks.Queue;

/// <summary>The documentation's channel queue; the item makes its own scope, as the documentation's scoped sample does.</summary>
internal sealed class DocumentationContender(string name, int capacity, Resolve resolve) : QueueContender(name, resolve)
{
    // Set by OnStartedAsync.
    private DocumentationQueue _queue = null!;
    private Func<CancellationToken, ValueTask> _work = null!;

    public override string Settings => $"channel, capacity {capacity:N0}, one consumer";

    public override async ValueTask SubmitAsync(int items)
    {
        for (var i = 0; i < items; i++)
        {
            await _queue.QueueAsync(_work);
        }
    }

    protected override void Configure(HostApplicationBuilder builder)
    {
        builder.Services.AddSingleton(new DocumentationQueue(capacity));
        builder.Services.AddHostedService<DocumentationHostedService>();
    }

    protected override ValueTask OnStartedAsync()
    {
        _queue = Services.GetRequiredService<DocumentationQueue>();
        var scopes = Services.GetRequiredService<IServiceScopeFactory>();
        _work = async _ =>
        {
            await using var scope = scopes.CreateAsyncScope();
            Work(scope.ServiceProvider);
        };
        return default;
    }
}
