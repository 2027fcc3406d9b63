using Runtime.Core.Cleanup;
using Runtime.Core.Execution;

namespace Runtime.Core;

/// <summary>Gives the cleanup queue the workers and the clock of a runtime.</summary>
internal sealed class RuntimeCleanup(WorkDispatcher dispatcher, TimeProvider clock) : ICleanupHost
{
    public TimeProvider Clock => clock;

    public void Queue(WorkItem slice)
    {
        slice.Priority = TaskPriority.Background;
        dispatcher.Dispatch(slice);
    }

    public void Report(Exception exception) => dispatcher.OnUnhandled(exception);
}
