using System.Runtime.CompilerServices;

namespace Runtime.Core.Memory;

/// <summary>Room for a batch of buffers on the stack.</summary>
[InlineArray(Length)]
internal struct BufferBatch
{
    public const int Length = 64;

    private PooledBuffer? _first;
}

/// <summary>Takes buffers of one class.</summary>
/// <param name="buffers">The buffers; maybe none.</param>
internal delegate void BufferSink(ReadOnlySpan<PooledBuffer?> buffers);
