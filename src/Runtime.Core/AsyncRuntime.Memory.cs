using Runtime.Core.Memory;

namespace Runtime.Core;

// Buffers.
public sealed partial class AsyncRuntime
{
    /// <summary>Gets the pool of byte buffers. It holds no memory until the first rent, and lets go of what is unused when the runtime is disposed.</summary>
    /// <remarks>Usable from any thread, before the start and after the stop too; also as the pool of <c>System.IO.Pipelines</c>.</remarks>
    public TieredBufferPool MemoryPool { get; }
}
