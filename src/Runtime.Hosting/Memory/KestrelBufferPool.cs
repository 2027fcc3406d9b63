using System.Buffers;
using Microsoft.AspNetCore.Connections;
using Runtime.Core;

namespace Runtime.Hosting.Memory;

/// <summary>Gives Kestrel's transports the runtime's buffer pool in place of a pool of their own for each.</summary>
internal sealed class KestrelBufferPool(AsyncRuntime runtime) : IMemoryPoolFactory<byte>
{
    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new RuntimeBufferPool(runtime.MemoryPool);
}
