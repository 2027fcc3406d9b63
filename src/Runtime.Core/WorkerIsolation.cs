namespace Runtime.Core;

/// <summary>How far the worker threads stand back for the rest of the process, above all for the threads that answer requests.</summary>
public enum WorkerIsolation
{
    /// <summary>The workers run at the priority of the thread that started the runtime.</summary>
    None,

    /// <summary>Nice 10 on Linux, <see cref="ThreadPriority.BelowNormal"/> elsewhere; the default.</summary>
    BelowNormal,

    /// <summary>Nice 19 on Linux, <see cref="ThreadPriority.Lowest"/> elsewhere.</summary>
    Lowest,

    /// <summary><c>SCHED_IDLE</c> on Linux: the workers get the processor time that nothing else wants. <see cref="ThreadPriority.Lowest"/> elsewhere.</summary>
    Idle,
}
