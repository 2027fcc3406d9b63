namespace Runtime.Core.Timing;

/// <summary>What the timers have done. Guarded by the lock of the timer service.</summary>
internal sealed class TimerCounters
{
    private readonly long[] _lateness = new long[DurationHistogram.BucketCount];
    private TimeSpan _latenessSum;
    private long _fired;
    private long _cancelled;

    public void Fired(TimeSpan late)
    {
        _fired++;
        _latenessSum += late;
        _lateness[DurationHistogram.BucketOf(late.Ticks / TimeSpan.TicksPerMicrosecond)]++;
    }

    public void Cancelled() => _cancelled++;

    public TimerSnapshot Snapshot(long active, TimeSpan overdue) => new()
    {
        Active = active,
        Fired = _fired,
        Cancelled = _cancelled,
        Overdue = overdue,
        Lateness = new DurationHistogram((long[])_lateness.Clone(), _latenessSum),
    };
}
