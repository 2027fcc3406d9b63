namespace Runtime.Core.Scheduling;

/// <summary>The settings that workers read on their way, as one immutable object that is swapped whole.</summary>
internal sealed record SchedulerSettings
{
    public required bool Stealing { get; init; }

    public required bool Priorities { get; init; }

    public required int MaxStealAttempts { get; init; }

    public required TimeSpan StealBackoff { get; init; }

    public required int MaxReserveThreads { get; init; }

    /// <summary>Milliseconds, 1 or more.</summary>
    public required long StarvationThreshold { get; init; }

    public static SchedulerSettings From(AsyncRuntimeOptions options) => new()
    {
        Stealing = options.EnableWorkStealing,
        Priorities = options.EnablePriorityScheduling,
        MaxStealAttempts = options.MaxStealAttempts,
        StealBackoff = options.StealBackoff,
        MaxReserveThreads = options.MaxReserveThreads,
        StarvationThreshold = Math.Max(1, (long)options.StarvationThreshold.TotalMilliseconds),
    };
}
