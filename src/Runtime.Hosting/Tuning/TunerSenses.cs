using System.Diagnostics.Metrics;
using Runtime.Core.Tuning;
using Runtime.Hosting.Configuration;
using Runtime.Hosting.Queues;

namespace Runtime.Hosting.Tuning;

/// <summary>What the tuner can know of the application around the runtime: its requests and its queues.</summary>
/// <remarks>Thread safe. Requests are listened to only while the tuner and its strategy Isolation are on.</remarks>
internal sealed class TunerSenses(IMeterFactory meterFactory, BackgroundQueues queues, LiveOptions options) : IDisposable
{
    private readonly Lock _lock = new();

    // Made when it is first wanted, and gone when it is not; under _lock.
    private RequestWatch? _requests;

    // What watches that are gone had counted: the sums only ever grow; under _lock.
    private (long Requests, TimeSpan Time) _earlier;
    private bool _disposed;

    /// <summary>Reads everything.</summary>
    public TuningSignals Read()
    {
        var (requests, time) = Requests();
        var rejecting = queues.Snapshot().Where(static queue => queue.FullMode == QueueFullMode.Reject).ToList();
        return new TuningSignals
        {
            Requests = requests,
            RequestTime = time,
            Refused = rejecting.Sum(static queue => queue.Rejected),
            QueueFill = rejecting.Select(static queue => (double)queue.Queued / queue.Capacity).DefaultIfEmpty().Max(),
            QueueWait = rejecting.Select(static queue => queue.OldestWait).DefaultIfEmpty().Max(),
        };
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            _requests?.Dispose();
            _requests = null;
        }
    }

    private (long Requests, TimeSpan Time) Requests()
    {
        var tuner = options.CurrentValue.Tuner;
        var wanted = tuner.Enabled && (tuner.Strategies.Count == 0 || tuner.Strategies.Contains("Isolation", StringComparer.OrdinalIgnoreCase));
        lock (_lock)
        {
            if (wanted && _requests is null && !_disposed)
            {
                _requests = new RequestWatch(meterFactory);
            }

            var (requests, time) = _requests?.Read() ?? (0, TimeSpan.Zero);
            var sum = (_earlier.Requests + requests, _earlier.Time + time);
            if (!wanted && _requests is not null)
            {
                _earlier = sum;
                _requests.Dispose();
                _requests = null;
            }

            return sum;
        }
    }
}
