using Runtime.Hosting.Configuration;

namespace Runtime.Hosting.Jobs;

/// <summary>Deletes jobs that are over when their retention has passed.</summary>
internal sealed class JobPurge(IJobStore store, JobMetrics metrics, StoreTrouble trouble, LiveOptions options, TimeProvider clock)
{
    // What is over is deleted in small transactions, so that enqueues do not wait behind a large one.
    private const int MostAtOnce = 500;

    // After each such transaction the store is left to others for so many times as long: a backlog of millions takes a fifth of it, not all.
    private const double RestPerPurge = 4;
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(10);

    private readonly TaskCompletionSource _stop = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Stop() => _stop.TrySetResult();

    public async ValueTask RunAsync()
    {
        while (!_stop.Task.IsCompleted)
        {
            try
            {
                var began = clock.GetTimestamp();
                while (!_stop.Task.IsCompleted && await store.PurgeAsync(options.CurrentValue.Jobs.Retention, MostAtOnce, CancellationToken.None) >= MostAtOnce)
                {
                    await RestAsync(clock.GetElapsedTime(began) * RestPerPurge);
                    began = clock.GetTimestamp();
                }
            }
            catch (Exception exception)
            {
                metrics.StoreFailed();
                trouble.Report(exception, "delete jobs whose retention has passed");
            }

            await RestAsync(Interval);
        }
    }

    private async ValueTask RestAsync(TimeSpan time) =>
        await _stop.Task.WaitAsync(time, clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
}
