namespace Runtime.Core.Execution;

/// <summary>Nothing on a <see cref="SingleThreadedExecutor"/> can ever go on: nothing is ready, and no timer is armed.</summary>
/// <remarks>Thrown by <c>BlockOn</c> where <see cref="SingleThreadedExecutorOptions.ThrowWhenStalled"/> is set. The executor and its tasks stay as they are.</remarks>
public sealed class ExecutorStalledException : InvalidOperationException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="liveTasks">How many tasks wait.</param>
    public ExecutorStalledException(int liveTasks)
        : base($"The executor is stalled: {liveTasks} of its tasks wait, none is ready, and no timer is armed. They wait for each other, for something that "
            + $"never happens, or for another thread; in the last case set {nameof(SingleThreadedExecutorOptions.ThrowWhenStalled)} to false.") => LiveTasks = liveTasks;

    /// <summary>Gets how many tasks wait.</summary>
    public int LiveTasks { get; }
}
