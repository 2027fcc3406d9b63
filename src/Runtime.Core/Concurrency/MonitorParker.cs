using System.Diagnostics;

namespace Runtime.Core.Concurrency;

/// <summary>The parker of systems without a futex of ours.</summary>
internal sealed class MonitorParker : Parker
{
    // The longest wait that Monitor takes in one call.
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(int.MaxValue);

    // Guards the token and carries the wake.
#pragma warning disable MA0158 // System.Threading.Lock has no wait and pulse.
    private readonly object _gate = new();
#pragma warning restore MA0158

    // The token. Set by Unpark, cleared by the owner; under the gate.
    private bool _notified;

    public override void Unpark()
    {
        lock (_gate)
        {
            _notified = true;
            Monitor.Pulse(_gate);
        }
    }

    protected override void ParkCore()
    {
        lock (_gate)
        {
            while (!_notified)
            {
                Monitor.Wait(_gate);
            }

            _notified = false;
        }
    }

    protected override bool ParkCore(TimeSpan timeout)
    {
        var start = Stopwatch.GetTimestamp();
        lock (_gate)
        {
            for (var left = timeout; !_notified && left > TimeSpan.Zero; left = timeout - Stopwatch.GetElapsedTime(start))
            {
                Monitor.Wait(_gate, WholeMilliseconds(left));
            }

            var taken = _notified;
            _notified = false;
            return taken;
        }
    }

    // Monitor waits whole milliseconds and cuts the rest off; rounding up keeps the last one from being spent spinning.
    private static TimeSpan WholeMilliseconds(TimeSpan left) =>
        left >= LongestWait ? LongestWait : TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds));
}
