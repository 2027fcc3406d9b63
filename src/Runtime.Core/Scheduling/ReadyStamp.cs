using Runtime.Core.Concurrency;

namespace Runtime.Core.Scheduling;

/// <summary>When an item became ready: to the millisecond for most, exact for those whose wait is sampled.</summary>
/// <remarks>One word, so that it can be read while it is being replaced. The coarse clock costs a fifth of the exact one.</remarks>
internal readonly struct ReadyStamp
{
    // Milliseconds of the coarse clock; or, negated, a timestamp of the exact one.
    private ReadyStamp(long raw) => Raw = raw;

    public long Raw { get; }

    /// <summary>Whether the wait of this item is to be measured.</summary>
    public bool IsSampled => Raw < 0;

    /// <summary>The exact time of a sampled item.</summary>
    public long Timestamp => -Raw;

    public long Milliseconds => Raw < 0 ? MonotonicClock.ToMilliseconds(-Raw) : Raw;

    public static ReadyStamp Coarse() => new(MonotonicClock.Milliseconds);

    public static ReadyStamp Exact() => new(-MonotonicClock.Timestamp);

    public static ReadyStamp FromRaw(long raw) => new(raw);
}
