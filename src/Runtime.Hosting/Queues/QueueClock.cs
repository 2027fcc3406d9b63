using Runtime.Core.Timing;

namespace Runtime.Hosting.Queues;

/// <summary>The clock of the queues: cheap timestamps, and dates made from them by one anchor, so that the times of an item never contradict each other.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class QueueClock
{
    // The same moment in both clocks.
    private readonly DateTimeOffset _anchorDate;
    private readonly long _anchorTicks;

    public QueueClock(TimeProvider provider)
    {
        Provider = provider;
        Watchdog = provider is RuntimeTimeProvider ? TimeProvider.System : provider;
        _anchorDate = provider.GetUtcNow();
        _anchorTicks = provider.GetTimestamp();
    }

    /// <summary>The clock that times delays.</summary>
    public TimeProvider Provider { get; }

    /// <summary>
    /// The clock that times what must end work: timeouts and the stages of a stop. A timer of the runtime calls back on a worker, and when
    /// every worker is busy with the very work that is to end, it never would.
    /// </summary>
    public TimeProvider Watchdog { get; }

    public long Frequency => Provider.TimestampFrequency;

    public long Now => Provider.GetTimestamp();

    public DateTimeOffset ToDate(long ticks) => _anchorDate + ToSpan(ticks - _anchorTicks);

    public TimeSpan ToSpan(long ticks) => TimeSpan.FromTicks((long)(ticks * ((double)TimeSpan.TicksPerSecond / Frequency)));

    public double ToSeconds(long ticks) => (double)ticks / Frequency;

    /// <summary>Converts a span; one too long for the clock becomes a quarter of its range, so that a timestamp can still be added.</summary>
    public long ToTicks(TimeSpan span)
    {
        var ticks = span.TotalSeconds * Frequency;
        return ticks >= long.MaxValue / 4.0 ? long.MaxValue / 4 : (long)ticks;
    }
}
