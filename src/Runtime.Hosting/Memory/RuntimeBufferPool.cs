using System.Buffers;
using Runtime.Core.Memory;

namespace Runtime.Hosting.Memory;

/// <summary>The runtime's buffer pool for those who dispose what they are given: a service provider, a server. The pool itself goes on.</summary>
internal sealed class RuntimeBufferPool(TieredBufferPool pool) : MemoryPool<byte>
{
    public override int MaxBufferSize => pool.MaxBufferSize;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1) => pool.Rent(minBufferSize);

    protected override void Dispose(bool disposing)
    {
        // The runtime's to dispose.
    }
}
