using System.Buffers;
using Runtime.Core.Concurrency;

namespace Runtime.Core.Memory;

/// <summary>A buffer and its owner in one object, which serves one rent after another.</summary>
/// <remarks>The array is pinned for good (on the pinned object heap), so that handing it to the system pins nothing.</remarks>
internal sealed class PooledBuffer(TieredBufferPool pool, int sizeClass, int length) : IMemoryOwner<byte>
{
    private readonly byte[] _array = GC.AllocateUninitializedArray<byte>(length, pinned: true);

    // 1 while it is rented. Set by whoever rents; cleared by an exchange: of two returns, however close, one sees that it came second.
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
    public PooledBuffer Begin()
    {
        _rented.Value = 1;
        return this;
    }

    /// <summary>Returns it.</summary>
    public void Dispose()
    {
        if (_rented.Exchange(0) == 0)
        {
            throw pool.OnDoubleReturn(_array.Length);
        }

        pool.Return(this);
    }
}
