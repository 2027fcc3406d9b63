namespace Runtime.Core.Memory;

// How many bytes there are, and what gives way when there may be no more.
//
// Reserve before an array is made, release when it is let go: _allocated counts rented and kept ones and never passes MaxBytes. Bytes that are kept for one size
// give way to a rent of another: first those of the common store, largest first, then those that threads keep.
public sealed partial class TieredBufferPool
{
    // The share of the system's high memory load from which on everything unused is let go. A little before the collector itself turns aggressive.
    private const double HighLoad = 0.9;

    private readonly ThreadCaches _caches;

    // Rents and returns past the threads' caches, and those of threads that have ended. By Interlocked.
    private readonly BufferCounters _shared = new();

    // Bytes of all buffers, the most there have been, and those in the common store. By Interlocked.
    private long _allocated;
    private long _peak;
    private long _storedBytes;

    // Bytes rented above the largest class; rents past the bound, and how many bytes of them are rented now; bytes let go; second returns. By Interlocked.
    private long _unpooledRented;
    private long _fallbacks;
    private long _fallbackBytes;
    private long _trimmed;
    private long _doubleReturns;

    /// <summary>Lets go of everything that is not rented, what threads keep included.</summary>
    public void Trim() => Trim(BufferTrim.Everything);

    /// <summary>How many threads keep buffers. For tests.</summary>
    internal int CacheCount => _caches.Snapshot().Count;

    internal Exception OnDoubleReturn(int length)
    {
        Interlocked.Increment(ref _doubleReturns);
        return BufferMisuse.DoubleReturn(length);
    }

    /// <summary>A buffer that cannot be trusted any more leaves the pool.</summary>
    internal void Forget(PooledBuffer buffer)
    {
        _shared.CountReturn(buffer.SizeClass);
        Release(buffer.Length); // what the pool does not count, it never keeps
    }

    /// <summary>The thread of a cache has ended.</summary>
    internal void Retire(ThreadCache cache)
    {
        _caches.Empty(cache, Store);
        using (_caches.Hold())
        {
            // At once for whoever reads the figures: they are never lost, and never there twice.
            _caches.Remove(cache);
            _shared.Add(cache);
        }

        if (_waiting.Value != 0)
        {
            ServeWaiters();
        }
    }

    /// <summary>After a collection of generation 2. On the finalizer's thread.</summary>
    /// <returns>Whether the pool wants to hear of the next one.</returns>
    bool ICollectionListener.OnCollection()
    {
        if (_disposed.Value != 0)
        {
            return false;
        }

        var memory = GC.GetGCMemoryInfo();
        Trim(memory.MemoryLoadBytes >= HighLoad * memory.HighMemoryLoadThresholdBytes ? BufferTrim.Everything : BufferTrim.Idle);
        return true;
    }

    private void Trim(BufferTrim trim)
    {
        if (trim == BufferTrim.Everything)
        {
            _caches.EmptyAll(Store, forGood: _disposed.Value != 0);
        }

        var options = _options;
        for (var sizeClass = SizeClasses.Count - 1; sizeClass >= 0; sizeClass--)
        {
            var store = _stores[sizeClass];
            var goal = trim switch
            {
                BufferTrim.Everything => store.Count,
                BufferTrim.Idle => (store.TakeIdle() + 1) / 2, // half of what nobody has needed since the last time: a pause is not the end
                _ => 0,
            };
            while (goal > 0 || IsBeyond(options))
            {
                if (!TryDrop(sizeClass))
                {
                    break;
                }

                goal--;
            }
        }
    }

    private bool IsBeyond(BufferPoolOptions options) =>
        Interlocked.Read(ref _storedBytes) > options.MaxRetainedBytes || (options.MaxBytes != 0 && Interlocked.Read(ref _allocated) > options.MaxBytes);

    // Reserves, and lets unused buffers of other sizes go for it.
    private bool TryReserve(long size)
    {
        if (TryReserveSpare(size))
        {
            return true;
        }

        if (size > _options.MaxBytes)
        {
            return false;
        }

        while (TryDropAny())
        {
            if (TryReserveSpare(size))
            {
                return true;
            }
        }

        _caches.EmptyAll(Store, forGood: false); // a process-wide fence: see the waiters
        do
        {
            if (TryReserveSpare(size))
            {
                return true;
            }
        }
        while (TryDropAny());
        return false;
    }

    private bool TryReserveSpare(long size)
    {
        var bound = _options.MaxBytes;
        var allocated = Interlocked.Read(ref _allocated);
        while (bound == 0 || allocated + size <= bound)
        {
            var seen = Interlocked.CompareExchange(ref _allocated, allocated + size, allocated);
            if (seen == allocated)
            {
                RaisePeak(allocated + size);
                return true;
            }

            allocated = seen;
        }

        return false;
    }

    private void RaisePeak(long allocated)
    {
        var peak = Interlocked.Read(ref _peak);
        while (allocated > peak)
        {
            var seen = Interlocked.CompareExchange(ref _peak, allocated, peak);
            if (seen == peak)
            {
                return;
            }

            peak = seen;
        }
    }

    private void Release(long size) => Interlocked.Add(ref _allocated, -size);

    private bool TryDropAny()
    {
        for (var sizeClass = SizeClasses.Count - 1; sizeClass >= 0; sizeClass--)
        {
            if (TryDrop(sizeClass))
            {
                return true;
            }
        }

        return false;
    }

    // Lets one unused buffer go.
    private bool TryDrop(int sizeClass)
    {
        PooledBuffer? buffer = null;
        if (_stores[sizeClass].Take(new Span<PooledBuffer?>(ref buffer)) == 0)
        {
            return false;
        }

        Interlocked.Add(ref _storedBytes, -buffer!.Length);
        Interlocked.Add(ref _trimmed, buffer.Length);
        Release(buffer.Length);
        return true;
    }

    // Puts unused buffers of one class where everybody finds them, or lets them go.
    private void Store(ReadOnlySpan<PooledBuffer?> buffers)
    {
        if (buffers.IsEmpty)
        {
            return;
        }

        var size = buffers[0]!.Length;
        var bytes = (long)size * buffers.Length;
        var options = _options;
        if (_disposed.Value != 0 || Interlocked.Add(ref _storedBytes, bytes) > options.MaxRetainedBytes)
        {
            if (_disposed.Value == 0)
            {
                Interlocked.Add(ref _storedBytes, -bytes);
            }

            Interlocked.Add(ref _trimmed, bytes);
            Release(bytes);
            return;
        }

        _stores[buffers[0]!.SizeClass].Put(buffers);
        if (_disposed.Value != 0 || IsBeyond(options))
        {
            Trim(_disposed.Value != 0 ? BufferTrim.Everything : BufferTrim.ToBounds);
        }
    }
}
