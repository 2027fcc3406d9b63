namespace Runtime.Core.Timing;

/// <summary>The times that timers take, with the rules of <see cref="TimeProvider.System"/>.</summary>
internal static class TimerArguments
{
    // The longest time a System.Threading.Timer takes, in milliseconds; about 49.7 days.
    private const long MaxMilliseconds = 0xFFFF_FFFE;

    /// <summary>The same as a length of time.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(MaxMilliseconds);

    /// <summary>Checks a due time or a period.</summary>
    /// <param name="value">What the user gave.</param>
    /// <param name="parameterName">The user's name for it.</param>
    /// <returns>The same, with one form for "never" (<see cref="Timeout.InfiniteTimeSpan"/>) and one for "now" (zero).</returns>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative and not infinite, or longer than 4,294,967,294 ms.</exception>
    public static TimeSpan Check(TimeSpan value, string parameterName)
    {
        if ((ulong)value.Ticks <= (ulong)Longest.Ticks)
        {
            return value;
        }

        // Only the check is in whole milliseconds. The system timer works with the cut-off value and so fires up to a
        // millisecond early; here a time is kept as it is.
        var milliseconds = (long)value.TotalMilliseconds;
        ArgumentOutOfRangeException.ThrowIfLessThan(milliseconds, -1, parameterName);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(milliseconds, MaxMilliseconds, parameterName);
        return milliseconds == -1 ? Timeout.InfiniteTimeSpan : value < TimeSpan.Zero ? TimeSpan.Zero : value;
    }

    /// <summary>Checks a period.</summary>
    /// <returns>Zero for a timer that fires once: as with the system timer, that is what a period below one millisecond means, too.</returns>
    /// <exception cref="ArgumentOutOfRangeException">As for <see cref="Check"/>.</exception>
    public static TimeSpan CheckPeriod(TimeSpan value, string parameterName)
    {
        var period = Check(value, parameterName);
        return period < TimeSpan.FromMilliseconds(1) ? TimeSpan.Zero : period;
    }

    /// <summary>Checks how late a timer may be.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative, or longer than 4,294,967,294 ms.</exception>
    public static TimeSpan CheckSlack(TimeSpan value, string parameterName)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero, parameterName);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, Longest, parameterName);
        return value;
    }

    /// <summary>Rounds a time up to what the system timer can keep, so that it does not fire early.</summary>
    public static TimeSpan WholeMilliseconds(TimeSpan time) =>
        time <= TimeSpan.Zero ? time : TimeSpan.FromMilliseconds(Math.Min(MaxMilliseconds, Math.Ceiling(time.TotalMilliseconds)));
}
