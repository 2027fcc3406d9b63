using System.Diagnostics;

namespace Runtime.Core.Concurrency;

/// <summary>The one home of the process's monotonic clocks. They never go back, and they stand still for no one.</summary>
internal static class MonotonicClock
{
    /// <summary>Milliseconds, with the resolution of the system's tick (1 to 16 ms); the cheapest reading there is.</summary>
#if MODEL
    public static long Milliseconds => 1; // in a model no time passes: an execution must be the same when it is repeated
#else
    public static long Milliseconds => Environment.TickCount64;
#endif

    /// <summary>The high-resolution counter; see <see cref="ToDuration"/>.</summary>
    public static long Timestamp => Stopwatch.GetTimestamp();

    // What to add to the milliseconds of a timestamp to come to the coarse clock: the two need not start at the same moment.
    private static readonly long _offset = Milliseconds - (Timestamp / (Stopwatch.Frequency / 1000));

    /// <summary>The reading of <see cref="Milliseconds"/> at the time of a timestamp, to a tick or two.</summary>
    public static long ToMilliseconds(long timestamp) => (timestamp / (Stopwatch.Frequency / 1000)) + _offset;

    /// <summary>Converts a difference of two timestamps.</summary>
    public static TimeSpan ToDuration(long ticks) => Stopwatch.GetElapsedTime(0, ticks);

    /// <summary>Converts a duration into timestamp ticks, and an endless one into <see cref="long.MaxValue"/>.</summary>
    public static long ToTicks(TimeSpan duration)
    {
        var ticks = duration.TotalSeconds * Stopwatch.Frequency;
        return ticks >= long.MaxValue ? long.MaxValue : (long)ticks;
    }

    /// <summary>The timestamp at which a span that begins now is over, or <see cref="long.MaxValue"/> when that is beyond the counter.</summary>
    public static long After(TimeSpan duration)
    {
        var now = Timestamp;
        var ticks = ToTicks(duration);
        return ticks > long.MaxValue - now ? long.MaxValue : now + ticks;
    }
}
