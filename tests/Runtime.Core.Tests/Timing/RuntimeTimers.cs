using Runtime.Core.Timing;

namespace Runtime.Core.Tests.Timing;

/// <summary>A started timer service whose callbacks run on the ThreadPool.</summary>
internal sealed class RuntimeTimers : IDisposable
{
    public static readonly TimeSpan HangGuard = TimeSpan.FromSeconds(30);
    public static readonly TimeSpan Long = TimeSpan.FromHours(1);
    public static readonly TimeSpan Short = TimeSpan.FromMilliseconds(1);
    public static readonly TimeSpan Never = Timeout.InfiniteTimeSpan;

    public RuntimeTimers(Action<WorkItem>? sink = null, bool start = true)
    {
        Service = new TimerService(TimeSpan.FromMilliseconds(1), "test-timers", new Sink(sink ?? ToThreadPool));
        if (start)
        {
            Service.Start();
        }
    }

    public TimerService Service { get; }

    public RuntimeTimeProvider Provider => Service.Provider;

    public static void ToThreadPool(WorkItem item) =>
        ThreadPool.UnsafeQueueUserWorkItem(static item => item.Run(), item, preferLocal: false);

    // For a state that a thread reaches by itself and that no signal announces.
    public static async Task UntilAsync(Func<bool> condition)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            TimeProvider.System.GetElapsedTime(start).ShouldBeLessThan(HangGuard);
            await Task.Delay(Short, TimeProvider.System);
        }
    }

    public void Dispose() => Service.Stop();

    /// <summary>Gives every timer that is due to a delegate.</summary>
    internal sealed class Sink(Action<WorkItem> queue, Func<bool>? isBackgroundThread = null) : ITimerSink
    {
        public bool IsBackgroundThread => isBackgroundThread?.Invoke() ?? false;

        public void Queue(WorkItem item) => queue(item);

        public void QueueMany(ReadOnlySpan<TimerPlace> timers)
        {
            foreach (var timer in timers)
            {
                queue(timer.Entry!);
            }
        }
    }
}
