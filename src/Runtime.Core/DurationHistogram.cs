namespace Runtime.Core;

/// <summary>Durations counted in buckets whose bounds double from one microsecond.</summary>
/// <param name="Counts">How many durations fell in each bucket: index 0 up to 1 µs, index n up to 2ⁿ µs, the last one everything longer.</param>
/// <param name="Sum">The sum of all durations.</param>
public sealed record DurationHistogram(IReadOnlyList<long> Counts, TimeSpan Sum)
{
    /// <summary>The number of buckets; the last bound is 2³⁰ µs, about 18 minutes.</summary>
    public const int BucketCount = 32;

    /// <summary>Gets how many durations were counted.</summary>
    public long Count
    {
        get
        {
            long count = 0;
            foreach (var bucket in Counts)
            {
                count += bucket;
            }

            return count;
        }
    }

    /// <summary>Estimates a quantile; the error is at most the width of one bucket.</summary>
    /// <param name="quantile">From 0 to 1.</param>
    /// <returns>The upper bound of the bucket that holds it; zero when nothing was counted.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="quantile"/> is not from 0 to 1.</exception>
    public TimeSpan Quantile(double quantile)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(quantile);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(quantile, 1.0);

        var rank = (long)Math.Ceiling(quantile * Count);
        long seen = 0;
        for (var i = 0; i < Counts.Count; i++)
        {
            seen += Counts[i];
            if (seen >= rank && seen > 0)
            {
                return TimeSpan.FromMicroseconds(1L << Math.Min(i, BucketCount - 2));
            }
        }

        return TimeSpan.Zero;
    }

    /// <summary>What was counted since an earlier reading of the same histogram.</summary>
    internal DurationHistogram Since(DurationHistogram earlier) =>
        new([.. Counts.Select((count, i) => Math.Max(0, count - (i < earlier.Counts.Count ? earlier.Counts[i] : 0)))], Sum - earlier.Sum);

    internal static int BucketOf(long microseconds) =>
        microseconds <= 1 ? 0 : Math.Min(BucketCount - 1, System.Numerics.BitOperations.Log2((ulong)(microseconds - 1)) + 1);
}
