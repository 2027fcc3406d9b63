using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Runtime.Benchmarks.Queue;

/// <summary>The background queue that the .NET documentation shows: a bounded channel, retyped.</summary>
/// <remarks>Its <c>ReadAsync</c> is the documentation's; a peer is measured as people have it.</remarks>
internal sealed class DocumentationQueue(int capacity)
{
    private readonly Channel<Func<CancellationToken, ValueTask>> _channel =
        Channel.CreateBounded<Func<CancellationToken, ValueTask>>(new BoundedChannelOptions(capacity) { FullMode = BoundedChannelFullMode.Wait });

    public ValueTask QueueAsync(Func<CancellationToken, ValueTask> work) => _channel.Writer.WriteAsync(work);

    public ValueTask<Func<CancellationToken, ValueTask>> DequeueAsync(CancellationToken cancellationToken) => _channel.Reader.ReadAsync(cancellationToken);
}

/// <summary>Its one consumer.</summary>
internal sealed partial class DocumentationHostedService(DocumentationQueue queue, ILogger<DocumentationHostedService> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var work = await queue.DequeueAsync(stoppingToken);
                await work(stoppingToken);
            }
            catch (OperationCanceledException)
            {
                // The host stops.
            }
            catch (Exception exception)
            {
                LogFailure(logger, exception);
            }
        }
    }

    [LoggerMessage(1, LogLevel.Error, "A queued item failed.")]
    private static partial void LogFailure(ILogger logger, Exception exception);
}
