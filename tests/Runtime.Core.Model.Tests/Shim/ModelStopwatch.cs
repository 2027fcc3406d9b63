using Runtime.Core.Model.Tests.Engine;

namespace Runtime.Core.Concurrency;

/// <summary>Time in a model: none passes, except when a timed wait is chosen to be over.</summary>
[ModelType]
internal static class ModelStopwatch
{
    public static long Frequency => 1_000_000_000;

    public static long GetTimestamp() => 1;

    public static TimeSpan GetElapsedTime(long start) => Execution.Current.Running.HasTimedOut ? TimeSpan.MaxValue / 2 : TimeSpan.Zero;

    public static TimeSpan GetElapsedTime(long start, long end) => TimeSpan.FromTicks((end - start) / 100);
}
