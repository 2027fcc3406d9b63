using Runtime.Core.Cleanup;

namespace Runtime.Core;

// What is not needed any more.
public sealed partial class AsyncRuntime
{
    /// <summary>Gets the queue of what is to be released later, off the hot path: disposals, native memory, actions.</summary>
    /// <remarks>Usable from any thread, before the start and after the stop too. The stop releases all that waits.</remarks>
    public CleanupQueue Cleanup { get; }
}
