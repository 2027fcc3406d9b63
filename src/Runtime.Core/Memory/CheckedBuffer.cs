using System.Buffers;
using System.Runtime.InteropServices;
using Runtime.Core.Concurrency;

namespace Runtime.Core.Memory;

/// <summary>The owner of one rent while <see cref="BufferPoolOptions.DetectMisuse"/> is set: every access asks it, and a buffer that comes back is filled with a pattern that must still be there at its next rent.</summary>
internal sealed class CheckedBuffer : MemoryManager<byte>
{
    private const byte Pattern = 0xDD;

    private readonly PooledBuffer _buffer;
    private readonly TieredBufferPool _pool;

    // Set once, by exchange.
    private AtomicInt32 _returned;

    /// <param name="pool">The pool.</param>
    /// <param name="buffer">A rented buffer.</param>
    /// <param name="isNew">Whether nobody had it before.</param>
    public CheckedBuffer(TieredBufferPool pool, PooledBuffer buffer, bool isNew)
    {
        _pool = pool;
        _buffer = buffer;
        var changed = isNew ? -1 : buffer.Array.AsSpan().IndexOfAnyExcept(Pattern);
        if (changed >= 0)
        {
            pool.Forget(buffer);
            throw BufferMisuse.WrittenAfterReturn(buffer.Length, changed);
        }
    }

    public override Span<byte> GetSpan()
    {
        ThrowIfReturned();
        return _buffer.Array;
    }

    public override unsafe MemoryHandle Pin(int elementIndex = 0)
    {
        ThrowIfReturned();
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)elementIndex, (uint)_buffer.Length, nameof(elementIndex));
        return new MemoryHandle((byte*)Marshal.UnsafeAddrOfPinnedArrayElement(_buffer.Array, 0) + elementIndex, pinnable: this);
    }

    public override void Unpin()
    {
        // The array is always pinned.
    }

    protected override bool TryGetArray(out ArraySegment<byte> segment)
    {
        ThrowIfReturned();
        segment = _buffer.Array;
        return true;
    }

    protected override void Dispose(bool disposing)
    {
        if (!disposing)
        {
            return;
        }

        if (_returned.Exchange(1) != 0)
        {
            throw _pool.OnDoubleReturn(_buffer.Length);
        }

        _buffer.Array.AsSpan().Fill(Pattern);
        _buffer.Dispose();
    }

    private void ThrowIfReturned()
    {
        if (_returned.Value != 0)
        {
            throw BufferMisuse.UseAfterReturn(_buffer.Length);
        }
    }
}
