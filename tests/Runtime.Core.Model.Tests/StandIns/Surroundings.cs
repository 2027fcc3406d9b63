using Runtime.Core.Scheduling;

// What the linked files of the scheduler touch without depending on it: each as small as will compile.
namespace Runtime.Core
{
    internal enum WorkerIsolation
    {
        None,
    }

    internal sealed class AsyncRuntimeOptions
    {
        public string ThreadNamePrefix { get; init; } = "worker";

        public bool EnableWorkStealing { get; init; } = true;

        public bool EnablePriorityScheduling { get; init; }

        public int MaxStealAttempts { get; init; } = 2;

        public int MaxReserveThreads { get; init; }

        public TimeSpan StealBackoff { get; init; }

        public TimeSpan StarvationThreshold { get; init; } = TimeSpan.FromSeconds(1);
    }
}

namespace Runtime.Core.Concurrency
{
    internal sealed class ThreadProbe
    {
        public static ThreadProbe? OfCurrentThread() => null;
    }
}

namespace Runtime.Core.Scheduling
{
    /// <summary>The monitor's steps are a thread of the scenarios that need them.</summary>
    internal sealed class WorkerMonitor
    {
        public WorkerMonitor(Scheduler scheduler, string threadName)
        {
        }

        public void OnActivity()
        {
            // Nobody sleeps here.
        }
    }

    internal sealed class WorkerWatch;

    internal sealed class WorkerCounters
    {
        internal const uint SampleMask = 63;

        public uint Submissions;
        public long LocalRuns;
        public long SlotRuns;
        public long StealAttempts;
        public long Steals;
        public long ItemsStolen;
        public long Overflows;
        public long ForcedYields;

        public long LastRun => 0;

        public void Begin()
        {
            // Times are no business of the model.
        }

        public int BeginItem(in QueueEntry entry) => 0;

        public bool EndItem(int sample) => false;

        public void BeginPark()
        {
            // As Begin.
        }

        public void EndPark()
        {
            // As Begin.
        }
    }
}
