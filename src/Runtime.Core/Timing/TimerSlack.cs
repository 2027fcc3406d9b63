using System.Numerics;

namespace Runtime.Core.Timing;

/// <summary>Where in its slack a timer fires.</summary>
internal static class TimerSlack
{
    /// <summary>Picks the roundest of the ticks at which a timer may fire, so that timers with overlapping slack fire in one wake-up.</summary>
    /// <param name="earliest">The first tick.</param>
    /// <param name="latest">The last tick; not before the first.</param>
    /// <returns>The tick between the two whose number has the most trailing zeros. All who choose from the same stretch choose the same.</returns>
    /// <remarks>The method is that of Linux' <c>apply_slack</c> (kernel/time/timer.c, until 5.x).</remarks>
    public static long Choose(long earliest, long latest)
    {
        // Above the highest bit in which the tick before the first and the last differ, all agree; with that bit set and zeros below it is the roundest.
        var highest = BitOperations.Log2((ulong)((earliest - 1) ^ latest));
        return latest >> highest << highest;
    }
}
