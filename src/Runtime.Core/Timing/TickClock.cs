namespace Runtime.Core.Timing;

/// <summary>Turns the timestamps of a monotonic clock into ticks of the wheel and back; every rounding is towards later.</summary>
/// <remarks>Not thread safe: the timer service reads it under its lock.</remarks>
internal sealed class TickClock
{
    private readonly TimeProvider _time;

    // Timestamp units in one tick; at least 1.
    private readonly long _tickLength;

    // Timestamp units in one tick of a TimeSpan, 100 ns, where that is a whole number (it is wherever .NET runs today: 1 or 100); 0 where it is not.
    private readonly long _unitsPerTimeTick;

    // The timestamp of tick 0.
    private readonly long _origin;

    // The greatest reading so far. A clock that steps back stands still here until it has caught up.
    private long _latest;

    /// <summary>Creates a clock whose tick 0 is now.</summary>
    /// <param name="time">Gives the timestamps.</param>
    /// <param name="resolution">The length of one tick; positive.</param>
    public TickClock(TimeProvider time, TimeSpan resolution)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(resolution, TimeSpan.Zero);
        _time = time;
        _unitsPerTimeTick = time.TimestampFrequency % TimeSpan.TicksPerSecond == 0 ? time.TimestampFrequency / TimeSpan.TicksPerSecond : 0;
        _tickLength = Math.Max(1, Units(resolution));
        _origin = _latest = time.GetTimestamp();
    }

    /// <summary>Gets the length of one tick, in timestamp units.</summary>
    public long TickLength => _tickLength;

    /// <summary>Reads the clock; never less than what it gave before.</summary>
    public long GetTimestamp() => _latest = Math.Max(_latest, _time.GetTimestamp());

    /// <summary>Gets the tick that a timestamp is in.</summary>
    public long TickOf(long timestamp) => (timestamp - _origin) / _tickLength;

    /// <summary>Gets the first tick that begins at the timestamp or after it.</summary>
    public long TickNotBefore(long timestamp) => (timestamp - _origin + _tickLength - 1) / _tickLength;

    /// <summary>Gets the timestamp at which a tick begins.</summary>
    public long StartOf(long tick) => _origin + (tick * _tickLength);

    /// <summary>Converts a length of time to timestamp units, rounded up.</summary>
    public long Units(TimeSpan time) =>
        _unitsPerTimeTick != 0 ? time.Ticks * _unitsPerTimeTick : Scale(time.Ticks, _time.TimestampFrequency, TimeSpan.TicksPerSecond);

    /// <summary>Converts timestamp units to a length of time, rounded up; zero for what is negative.</summary>
    public TimeSpan Time(long units)
    {
        if (units <= 0)
        {
            return TimeSpan.Zero;
        }

        return TimeSpan.FromTicks(_unitsPerTimeTick != 0
            ? (units + _unitsPerTimeTick - 1) / _unitsPerTimeTick
            : Scale(units, TimeSpan.TicksPerSecond, _time.TimestampFrequency));
    }

    // Exact for every clock; the 128-bit division costs some 50 ns, hence the other way for the usual clocks.
    private static long Scale(long value, long by, long over) => (long)((((Int128)value * by) + over - 1) / over);
}
