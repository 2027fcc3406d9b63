namespace Runtime.Core.Cleanup;

/// <summary>How long the slices of the cleaning took. Thread safe; taken once in a slice.</summary>
internal sealed class SliceStatistics
{
    private readonly Lock _lock = new();
    private readonly long[] _counts = new long[DurationHistogram.BucketCount];
    private TimeSpan _sum;
    private TimeSpan _longestSlice;
    private TimeSpan _longestRelease;
    private long _overruns;

    public void Add(TimeSpan length, int released, TimeSpan longestRelease, TimeSpan budget)
    {
        if (released == 0)
        {
            return;
        }

        lock (_lock)
        {
            _counts[DurationHistogram.BucketOf((long)length.TotalMicroseconds)]++;
            _sum += length;
            _longestSlice = length > _longestSlice ? length : _longestSlice;
            _longestRelease = longestRelease > _longestRelease ? longestRelease : _longestRelease;
            _overruns += length > budget ? 1 : 0;
        }
    }

    /// <summary>Gives a snapshot these figures.</summary>
    public CleanupSnapshot Fill(CleanupSnapshot snapshot)
    {
        lock (_lock)
        {
            return snapshot with
            {
                Slices = new DurationHistogram((long[])_counts.Clone(), _sum),
                LongestSlice = _longestSlice,
                LongestRelease = _longestRelease,
                Overruns = _overruns,
            };
        }
    }
}
