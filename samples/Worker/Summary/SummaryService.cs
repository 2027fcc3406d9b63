using Microsoft.Extensions.Options;
using Runtime.Core;
using Runtime.Hosting;

namespace Samples.Worker.Summary;

/// <summary>Says every now and then what has been done, on the runtime's own timer.</summary>
public sealed partial class SummaryService(Tally tally, IBackgroundQueue queue, AsyncRuntime runtime, IOptions<WorkerOptions> options, ILogger<SummaryService> logger)
    : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.SummaryInterval, runtime.TimeProvider);
        long before = -1;
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                // Nothing new and nothing waiting is not worth a line.
                if (tally.Done != before || tally.Waiting > 0)
                {
                    before = tally.Done;
                    LogSummary(before, tally.Bytes, tally.FailedAttempts, tally.Waiting, queue.Count);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    [LoggerMessage(20, LogLevel.Information, "Summary: {Done} files done, {Bytes} bytes; {Failed} attempts failed; {Waiting} files in the inbox, {Queued} of them queued.")]
    private partial void LogSummary(long done, long bytes, long failed, int waiting, int queued);
}
