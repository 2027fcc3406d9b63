using System.Threading.Tasks.Dataflow;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Runtime.Benchmarks.Queue;

/// <summary>TPL Dataflow's <c>ActionBlock</c> with a scope for each item.</summary>
internal sealed class DataflowContender(string name, int capacity, Resolve resolve) : QueueContender(name, resolve)
{
    private const int Parallelism = 2;

    // Set by OnStartedAsync.
    private ActionBlock<Action<IServiceProvider>> _block = null!;
    private Action<IServiceProvider> _work = null!;

    public override string Settings =>
        $"MaxDegreeOfParallelism {Parallelism}, {(capacity == DataflowBlockOptions.Unbounded ? "unbounded" : $"BoundedCapacity {capacity:N0}")}";

    public override int Consumers => Parallelism;

    public override async ValueTask SubmitAsync(int items)
    {
        for (var i = 0; i < items; i++)
        {
            // Post never waits and costs less, but a bounded block refuses when it is full.
            if (!_block.Post(_work))
            {
                await _block.SendAsync(_work);
            }
        }
    }

    protected override void Configure(HostApplicationBuilder builder)
    {
    }

    protected override ValueTask OnStartedAsync()
    {
        _work = Work;
        var scopes = Services.GetRequiredService<IServiceScopeFactory>();
        _block = new ActionBlock<Action<IServiceProvider>>(
            async work =>
            {
                await using var scope = scopes.CreateAsyncScope();
                work(scope.ServiceProvider);
            },
            new ExecutionDataflowBlockOptions { MaxDegreeOfParallelism = Parallelism, BoundedCapacity = capacity });
        return default;
    }
}
