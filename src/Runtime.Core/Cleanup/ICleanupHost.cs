namespace Runtime.Core.Cleanup;

/// <summary>What a cleanup queue needs of whoever composes the runtime.</summary>
internal interface ICleanupHost
{
    /// <summary>Gets the clock whose timers start the cleaning.</summary>
    TimeProvider Clock { get; }

    /// <summary>Queues a slice for execution, behind all other work. Must neither refuse, nor throw, nor execute it itself.</summary>
    void Queue(WorkItem slice);

    /// <summary>Tells of an exception that a release threw.</summary>
    void Report(Exception exception);
}
