using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Runtime.Core;

namespace Runtime.Benchmarks.Queue;

/// <summary>The runtime beneath this project's queue, with a scope for each item and nothing else: what the queue's features cost is the difference.</summary>
internal sealed class RuntimeContender(string name, bool spawn, Resolve resolve) : QueueContender(name, resolve)
{
    // Set by OnStartedAsync.
    private AsyncRuntime _runtime = null!;
    private Action _post = null!;
    private Func<CancellationToken, ValueTask> _spawn = null!;

    public override string Settings => spawn ? "AsyncRuntime.Spawn, task dropped; no queue" : "AsyncRuntime.Post; no queue";

    public override int Consumers => Environment.ProcessorCount;

    public override ValueTask SubmitAsync(int items)
    {
        for (var i = 0; i < items; i++)
        {
            if (spawn)
            {
                _ = _runtime.Spawn(_spawn);
            }
            else
            {
                _runtime.Post(_post);
            }
        }

        return default;
    }

    public override async ValueTask DisposeAsync()
    {
        if (_runtime is not null)
        {
            await _runtime.DisposeAsync();
        }

        await base.DisposeAsync();
    }

    protected override void Configure(HostApplicationBuilder builder)
    {
    }

    protected override async ValueTask OnStartedAsync()
    {
        var scopes = Services.GetRequiredService<IServiceScopeFactory>();
        _post = () =>
        {
            using var scope = scopes.CreateScope();
            Work(scope.ServiceProvider);
        };
        _spawn = async _ =>
        {
            await using var scope = scopes.CreateAsyncScope();
            Work(scope.ServiceProvider);
        };
        _runtime = new AsyncRuntime();
        await _runtime.StartAsync();
    }
}
