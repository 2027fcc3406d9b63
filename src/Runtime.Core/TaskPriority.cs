namespace Runtime.Core;

/// <summary>How urgent a piece of work is. Lower values run first.</summary>
/// <remarks>
/// Work is ordered by priority, then by the earliest deadline (a deadline goes before none), then first in, first out.
/// Work that waits longer than <see cref="AsyncRuntimeOptions.StarvationThreshold"/> is treated as one level more urgent for
/// every threshold that has passed, so nothing waits for ever.
/// </remarks>
public enum TaskPriority
{
    /// <summary>Runs before everything else.</summary>
    Critical = 0,

    /// <summary>Runs before ordinary work.</summary>
    High = 1,

    /// <summary>Ordinary work; the default.</summary>
    Normal = 2,

    /// <summary>Runs when no ordinary work waits.</summary>
    Low = 3,

    /// <summary>Runs when nothing else waits.</summary>
    Background = 4,
}
