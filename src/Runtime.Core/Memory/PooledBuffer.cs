using System.Buffers;
using Runtime.Core.Concurrency;

namespace Runtime.Core.Memory;

/// <summary>A buffer and its owner in one object, which serves one rent after another.</summary>
/// <remarks>The array is pinned for good (on the pinned object heap), so that handing it to the system pins nothing.</remarks>
internal sealed class PooledBuffer(TieredBufferPool pool, int sizeClass, int length) : IMemoryOwner<byte>
{
    private readonly byte[] _array = GC.AllocateUninitializedArray<byte>(length, pinned: true);

    // 1 while it is rented. Written by whoever rents and whoever returns, without an interlocked operation, which would be a third of the cost of both: two returns at the very
    // same moment may both pass. Then the buffer is in the pool twice, and the rent that finds it rented drops it.
    private AtomicInt32 _rented;

    public int SizeClass => sizeClass;

    public int Length => _array.Length;

    /// <summary>Whether the pool counts its bytes, and keeps it.</summary>
    public bool IsFallback { get; init; }

    public byte[] Array => _array;

    /// <summary>Whether threads keep it.</summary>
    public bool IsCacheable => sizeClass < SizeClasses.CachedCount && !IsFallback;

    public Memory<byte> Memory => _rented.Value != 0 ? _array : throw BufferMisuse.UseAfterReturn(_array.Length);

    /// <summary>Marks it as rented. By the one that has taken it out of the pool, or made it.</summary>
    /// <returns><see langword="false"/> when somebody has it: it was returned twice.</returns>
    public bool TryBegin()
    {
        if (_rented.Value != 0)
        {
            return false;
        }

        _rented.Value = 1;
        return true;
    }

    /// <summary>Returns it.</summary>
    public void Dispose()
    {
        if (_rented.Value == 0)
        {
            throw pool.OnDoubleReturn(_array.Length);
        }

        _rented.Value = 0;
        pool.Return(this);
    }
}
