using System.Runtime.InteropServices;

namespace Runtime.Hosting.Queues;

/// <summary>How fast items leave a queue while it has any: an exponentially weighted mean of samples.</summary>
/// <remarks>Not thread safe: used under the queue's lock. Times are timestamps of the queue's clock. Idle time does not count, or a quiet night would look like a slow queue.</remarks>
[StructLayout(LayoutKind.Auto)]
internal struct DrainRate(long frequency)
{
    // A sample covers at least this many seconds of busy time, so that one fast item is not taken for a rate.
    private const double SampleSeconds = 0.25;

    // After this many busy seconds a sample has lost 63 % of its weight: a burst is followed, noise is not.
    private const double WeightSeconds = 5;

    // Without a rate, and for one so low that it says nothing, no client is told to stay away for longer.
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    private readonly long _frequency = frequency;
    private readonly long _sampleTicks = (long)(frequency * SampleSeconds);

    // Items that left since the sample began.
    private long _left;

    // When the running sample began, moved forward by the idle time in it; when busy, else how much busy time it has so far.
    private long _sampleStart;
    private bool _busy;

    // When an item last left, or the queue last became busy.
    private long _lastChange;

    /// <summary>The mean in items per second; 0 while nothing is known.</summary>
    public double PerSecond { get; private set; }

    public void OnBusy(long now)
    {
        _busy = true;
        _sampleStart = now - _sampleStart;
        _lastChange = now;
    }

    public void OnIdle(long now)
    {
        _busy = false;
        _sampleStart = now - _sampleStart;
    }

    /// <returns>Whether the mean has changed.</returns>
    public bool OnLeft(long now, int count = 1)
    {
        _left += count;
        _lastChange = now;
        if (now - _sampleStart < _sampleTicks)
        {
            return false;
        }

        TakeSample(now);
        return true;
    }

    /// <summary>Estimates when so many more items will have left: whole seconds, 1 or more.</summary>
    public readonly TimeSpan TimeFor(long items, long now)
    {
        var secondsPerItem = PerSecond > 0 ? 1 / PerSecond : 0;

        // The mean knows nothing of an item that has been blocking the queue since the last one left.
        var stuck = _busy ? (double)(now - _lastChange) / _frequency : 0;
        var seconds = Math.Ceiling(Math.Max(items * secondsPerItem, stuck));
        return seconds >= Longest.TotalSeconds ? Longest : TimeSpan.FromSeconds(Math.Max(1, seconds));
    }

    private void TakeSample(long now)
    {
        var seconds = (double)(now - _sampleStart) / _frequency;
        var rate = _left / seconds;
        PerSecond = PerSecond == 0 ? rate : PerSecond + ((rate - PerSecond) * (1 - Math.Exp(-seconds / WeightSeconds)));
        _left = 0;
        _sampleStart = now;
    }
}
