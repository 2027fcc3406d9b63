namespace Runtime.Core.Timing;

/// <summary>Turns the timestamps of a monotonic clock into ticks of the wheel and back; every rounding is towards later.</summary>
/// <remarks>Immutable, so thread safe. Readings of a clock that steps back are seen to by <see cref="TimerShard"/>.</remarks>
internal sealed class TickClock
{
    private readonly TimeProvider _time;

    // Timestamp units in one tick; at least 1.
    private readonly long _tickLength;

    // Timestamp units in one tick of a TimeSpan, 100 ns, where that is a whole number (it is wherever .NET runs today: 1 or 100); 0 where it is not.
    private readonly long _unitsPerTimeTick;

    // Microseconds in 2^32 timestamp units, rounded down.
    private readonly ulong _microseconds;

    // 2^64 over the tick length, rounded down: multiplying by it is dividing, short of one at most. A division costs three times as much.
    private readonly ulong _reciprocal;

    /// <summary>Creates a clock whose tick 0 is now.</summary>
    /// <param name="time">Gives the timestamps.</param>
    /// <param name="resolution">The length of one tick; positive.</param>
    public TickClock(TimeProvider time, TimeSpan resolution)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(resolution, TimeSpan.Zero);
        _time = time;
        _unitsPerTimeTick = time.TimestampFrequency % TimeSpan.TicksPerSecond == 0 ? time.TimestampFrequency / TimeSpan.TicksPerSecond : 0;
        _tickLength = Math.Max(1, Units(resolution));
        _reciprocal = _tickLength == 1 ? ulong.MaxValue : (ulong)((UInt128.One << 64) / (ulong)_tickLength);
        _microseconds = (ulong)((UInt128)1_000_000 * (1UL << 32) / (ulong)time.TimestampFrequency);
        Origin = time.GetTimestamp();
    }

    /// <summary>Gets the length of one tick, in timestamp units.</summary>
    public long TickLength => _tickLength;

    /// <summary>Gets the timestamp of tick 0.</summary>
    public long Origin { get; }

    /// <summary>Reads the clock.</summary>
    public long GetTimestamp() => _time.GetTimestamp();

    /// <summary>Gets the tick that a timestamp is in; 0 for one before the origin.</summary>
    public long TickOf(long timestamp) => Divide(timestamp - Origin);

    /// <summary>Gets the first tick that begins at the timestamp or after it.</summary>
    public long TickNotBefore(long timestamp) => Divide(timestamp - Origin + _tickLength - 1);

    /// <summary>Gets the timestamp at which a tick begins.</summary>
    public long StartOf(long tick) => Origin + (tick * _tickLength);

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

    /// <summary>Converts timestamp units, zero or more, to microseconds, to one part in a million: for statistics.</summary>
    public long Microseconds(long units)
    {
        var high = Math.BigMul((ulong)units, _microseconds, out var low);
        return (long)((high << 32) | (low >> 32));
    }

    private long Divide(long units)
    {
        if (units <= 0)
        {
            return 0;
        }

        var quotient = (long)Math.BigMul((ulong)units, _reciprocal, out _);
        return units - (quotient * _tickLength) >= _tickLength ? quotient + 1 : quotient;
    }

    // Exact for every clock; the 128-bit division costs some 50 ns, hence the other way for the usual clocks.
    private static long Scale(long value, long by, long over) => (long)((((Int128)value * by) + over - 1) / over);
}
