using Runtime.Core.Cleanup;
using Runtime.Core.IO;
using Runtime.Core.Memory;
using Runtime.Core.Topology;

namespace Runtime.Core;

/// <summary>Settings of one <see cref="AsyncRuntime"/>. Where a value is 0, the runtime chooses.</summary>
/// <remarks>The runtime copies what it needs; later changes to this object have no effect. Change a running one with <see cref="AsyncRuntime.Reconfigure"/>.</remarks>
public class AsyncRuntimeOptions
{
    /// <summary>Gets or sets how many worker threads run work.</summary>
    /// <value>Default 0: as many as the process may use processors, quotas of control groups included, with a part rounded up. From 0 to 1024, and within <see cref="MinWorkerThreads"/> and <see cref="MaxWorkerThreads"/>.</value>
    public int WorkerThreads { get; set; }

    /// <summary>Gets or sets the least number of workers, an automatic one included, and of those that the tuner may choose.</summary>
    /// <value>Default 1. From 1 to 1024.</value>
    public int MinWorkerThreads { get; set; } = 1;

    /// <summary>Gets or sets the greatest number of workers that the tuner may choose.</summary>
    /// <value>Default 0: the greatest of the processor count, <see cref="WorkerThreads"/> and <see cref="MinWorkerThreads"/>. From 0 to 1024.</value>
    public int MaxWorkerThreads { get; set; }

    /// <summary>Gets or sets how many workers may be added in place of workers that user code blocks.</summary>
    /// <value>Default 256. From 0, which adds none, to 4096. They end two seconds after they were last needed.</value>
    public int MaxReserveThreads { get; set; } = 256;

    /// <summary>Gets or sets what the names of the worker threads begin with.</summary>
    /// <value>Default <c>runtime-worker</c>. 1 to 64 characters.</value>
    public string ThreadNamePrefix { get; set; } = "runtime-worker";

    /// <summary>Gets or sets the stack size of a worker thread, in bytes.</summary>
    /// <value>Default 0: the system's. Otherwise from 131,072 (128 KB) to 1,073,741,824 (1 GB).</value>
    public int ThreadStackSize { get; set; }

    /// <summary>Gets or sets whether an idle worker takes work from a busy one's local queue.</summary>
    /// <value>Default <see langword="true"/>.</value>
    public bool EnableWorkStealing { get; set; } = true;

    /// <summary>Gets or sets whether priority and deadline decide the order. When off: first in, first out.</summary>
    /// <value>Default <see langword="true"/>.</value>
    public bool EnablePriorityScheduling { get; set; } = true;

    /// <summary>Gets or sets how many times an idle worker goes round its victims before it parks.</summary>
    /// <value>Default 3. From 1 to 100.</value>
    public int MaxStealAttempts { get; set; } = 3;

    /// <summary>Gets or sets the longest pause between two rounds after a lost race for a victim's work.</summary>
    /// <value>Default 1 ms. From 0 to 1 s.</value>
    public TimeSpan StealBackoff { get; set; } = TimeSpan.FromMilliseconds(1);

    /// <summary>Gets or sets how long work may wait before it is treated as one priority level more urgent, and again for every further such time.</summary>
    /// <value>Default 5 s. From 1 ms to 1 day.</value>
    public TimeSpan StarvationThreshold { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Gets or sets how far the worker threads stand back for request threads.</summary>
    /// <value>Default <see cref="WorkerIsolation.BelowNormal"/>.</value>
    public WorkerIsolation Isolation { get; set; } = WorkerIsolation.BelowNormal;

    /// <summary>Gets or sets which part of the processor time that the process may use its workers may take, all together. Work of priority Critical is not bounded by it.</summary>
    /// <value>Default 0: no bound, like 1. From 0 to 1, of the processors that the process may use, quotas of its control groups included.</value>
    /// <remarks>
    /// Linux only; without effect elsewhere. Measured by the workers' own clocks between items: nothing interrupts one that computes, but what it has used is paid for afterwards, by a pause of at most
    /// a second. Threads of <c>SpawnBlocking</c> are not workers.
    /// </remarks>
    public double MaxCpuShare { get; set; }

    /// <summary>Gets or sets the settings of the timer wheel.</summary>
    public TimerOptions Timers { get; set; } = new();

    /// <summary>Gets or sets the settings of the event loop.</summary>
    public IoOptions IO { get; set; } = new();

    /// <summary>Gets or sets the settings of the buffer pool.</summary>
    public BufferPoolOptions Memory { get; set; } = new();

    /// <summary>Gets or sets when and how what is retired is released.</summary>
    public CleanupOptions Cleanup { get; set; } = new();

    /// <summary>Gets or sets where workers run.</summary>
    public TopologyOptions Topology { get; set; } = new();

    /// <summary>Gets or sets the settings of the tuner.</summary>
    public TunerOptions Tuner { get; set; } = new();

    /// <summary>Gets or sets how the runtime stops.</summary>
    public ShutdownOptions Shutdown { get; set; } = new();

    /// <summary>A copy that shares its parts with this one.</summary>
    internal AsyncRuntimeOptions Copy() => (AsyncRuntimeOptions)MemberwiseClone();
}

/// <summary>Settings of the timer wheel.</summary>
public sealed class TimerOptions
{
    /// <summary>Gets or sets the length of one tick; due times are rounded up to it.</summary>
    /// <value>Default 1 ms. From 1 ms to 1 s. Read once, at the start.</value>
    public TimeSpan Resolution { get; set; } = TimeSpan.FromMilliseconds(1);

    /// <summary>Gets or sets how much later than its time every timer may fire, so that timers that are due close together cost one wake-up.</summary>
    /// <value>
    /// Default zero. From zero to 1 minute. Applies to timers that are armed from then on. A timer may have a greater slack of its own:
    /// <see cref="AsyncRuntime.TimeProviderWithSlack"/>, <see cref="AsyncRuntime.Delay(TimeSpan, TimeSpan, CancellationToken)"/>.
    /// </value>
    public TimeSpan Slack { get; set; }
}

/// <summary>Settings of the event loop.</summary>
public sealed class IoOptions
{
    /// <summary>Gets or sets what it waits with.</summary>
    /// <value>Default <see cref="IoPoller.Auto"/>. Read once, when the runtime is made.</value>
    public IoPoller Poller { get; set; }
}

/// <summary>Settings of the performance tuner.</summary>
public sealed class TunerOptions
{
    /// <summary>Gets or sets whether the tuner runs at all.</summary>
    /// <value>Default <see langword="true"/>.</value>
    public bool Enabled { get; set; } = true;

    /// <summary>Gets or sets the time between two decisions while there is work; samples are taken five times as often. An idle runtime takes none.</summary>
    /// <value>Default 5 s. From 10 ms to 1 hour.</value>
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Gets or sets whether the tuner only records what it would do.</summary>
    /// <value>Default <see langword="false"/>.</value>
    public bool Frozen { get; set; }

    /// <summary>Gets or sets the names of the built-in strategies that are switched on.</summary>
    /// <value>Default: all of them.</value>
    public IList<string> Strategies { get; set; } = [];

    /// <summary>Gets or sets how late the tuner may let timers fire while there is little to do, so that several share one wake-up.</summary>
    /// <value>Default zero: it leaves timers alone. From zero to 1 s, in whole milliseconds. Without effect where <see cref="TimerOptions.Slack"/> is as great.</value>
    public TimeSpan MaxTimerSlack { get; set; }
}

/// <summary>Settings of the shutdown.</summary>
public sealed class ShutdownOptions
{
    /// <summary>Gets or sets how long a stop waits for running and queued work before it cancels what is left.</summary>
    /// <value>Default 25 s, inside the 30 s that the generic host and Kubernetes allow. From 0 to 1 day.</value>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(25);

    /// <summary>Gets or sets how long a stop then waits for the cancelled work to end before it abandons it.</summary>
    /// <value>Default 3 s. From 0 to 1 day.</value>
    public TimeSpan CancelTimeout { get; set; } = TimeSpan.FromSeconds(3);
}
