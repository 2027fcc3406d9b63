using Runtime.Core.Concurrency;

namespace Runtime.Core.Scheduling;

/// <summary>The counts behind a <see cref="DurationHistogram"/>. One writer; readers may be a little behind.</summary>
internal sealed class DurationCounts
{
    private readonly long[] _counts = new long[DurationHistogram.BucketCount];

    // Timestamp ticks.
    private long _sum;

    public void Add(long ticks)
    {
        var bucket = DurationHistogram.BucketOf((long)MonotonicClock.ToDuration(ticks).TotalMicroseconds);
        Volatile.Write(ref _counts[bucket], _counts[bucket] + 1);
        Volatile.Write(ref _sum, _sum + ticks);
    }

    /// <summary>Adds what has been counted so far to a total.</summary>
    public void AddTo(long[] counts, ref long sum)
    {
        for (var i = 0; i < counts.Length; i++)
        {
            counts[i] += Volatile.Read(ref _counts[i]);
        }

        sum += Volatile.Read(ref _sum);
    }
}
