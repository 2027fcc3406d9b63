using System.Threading.Tasks.Dataflow;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Runtime.Benchmarks.Queue;

/// <summary>A peer with the leanest handle and metrics around each item: as near to equal features as it gets without a queue of one's own.</summary>
internal sealed class HandledContender(string name, HandledContender.Way way, Resolve resolve) : QueueContender(name, resolve)
{
    private const int Capacity = 10_000;
    private const int Parallelism = 2;

    // Set by OnStartedAsync.
    private HandledWork.Books _books = null!;
    private MetricsSink _metrics = null!;
    private DocumentationQueue? _queue;
    private ActionBlock<HandledWork>? _block;
    private Action<IServiceProvider> _work = null!;

    /// <summary>Which peer it is.</summary>
    internal enum Way
    {
        Documentation,
        TaskRun,
        Dataflow,
    }

    public override string Settings => "as the peer of that name, plus a handle (status, three times, task) and listened metrics";

    public override int Consumers => way == Way.Documentation ? 1 : Parallelism;

    public override async ValueTask SubmitAsync(int items)
    {
        for (var i = 0; i < items; i++)
        {
            var item = _books.Accept(_work);
            switch (way)
            {
                case Way.TaskRun:
                    _ = Task.Run(item.RunAsync);
                    break;
                case Way.Dataflow:
                    _block!.Post(item);
                    break;
                default:
                    await _queue!.QueueAsync(_ => new ValueTask(item.RunAsync()));
                    break;
            }
        }
    }

    public override async ValueTask DisposeAsync()
    {
        _metrics?.Dispose();
        await base.DisposeAsync();
    }

    protected override void Configure(HostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<HandledWork.Books>();
        if (way == Way.Documentation)
        {
            builder.Services.AddSingleton(new DocumentationQueue(Capacity));
            builder.Services.AddHostedService<DocumentationHostedService>();
        }
    }

    protected override ValueTask OnStartedAsync()
    {
        _metrics = new MetricsSink(Services);
        _books = Services.GetRequiredService<HandledWork.Books>();
        _queue = Services.GetService<DocumentationQueue>();
        _block = new ActionBlock<HandledWork>(static item => item.RunAsync(), new ExecutionDataflowBlockOptions { MaxDegreeOfParallelism = Parallelism });
        _work = Work;
        return default;
    }
}
