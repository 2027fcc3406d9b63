namespace Runtime.Core.Timing;

/// <summary>What the timers of a shard have done, guarded by its lock; or a sum of those.</summary>
internal sealed class TimerCounters
{
    private readonly long[] _lateness = new long[DurationHistogram.BucketCount];
    private long _latenessSum; // in microseconds
    private long _fired;
    private long _cancelled;

    public void Fired(long lateMicroseconds)
    {
        _fired++;
        _latenessSum += lateMicroseconds;
        _lateness[DurationHistogram.BucketOf(lateMicroseconds)]++;
    }

    public void Cancelled() => _cancelled++;

    public void Add(TimerCounters other)
    {
        _fired += other._fired;
        _cancelled += other._cancelled;
        _latenessSum += other._latenessSum;
        for (var i = 0; i < _lateness.Length; i++)
        {
            _lateness[i] += other._lateness[i];
        }
    }

    public TimerSnapshot Snapshot(long active, TimeSpan overdue) => new()
    {
        Active = active,
        Fired = _fired,
        Cancelled = _cancelled,
        Overdue = overdue,
        Lateness = new DurationHistogram((long[])_lateness.Clone(), TimeSpan.FromMicroseconds(_latenessSum)),
    };
}
