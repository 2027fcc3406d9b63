using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Runtime.Core.Concurrency;

namespace Runtime.Core.Memory;

/// <summary>A pool of byte buffers in three tiers, bounded, trimmed when memory is short, and safe to return to from any thread.</summary>
/// <remarks>
/// <para>
/// Buffers are pinned arrays of a power of two of bytes, from 64 B to 1 MB; larger ones are made for one rent. Each thread keeps some of each size, up to 1 MB in all, and exchanges
/// them with a common store by the batch. A buffer and its owner are one object: a rent and a return allocate nothing once the pool is warm.
/// </para>
/// <para>
/// Contents are not cleared unless <see cref="BufferPoolOptions.ClearOnReturn"/> is set. Dispose the owner once and forget it: a second return throws as long as nobody else has rented
/// the buffer, and always with <see cref="BufferPoolOptions.DetectMisuse"/>. A buffer that is never returned is the garbage collector's, but counts as rented for good.
/// </para>
/// <para>Thread safe. Models: tcmalloc's thread caches and central lists; the class library's shared array pool; Kestrel's pinned blocks.</para>
/// </remarks>
public sealed partial class TieredBufferPool : MemoryPool<byte>, ICollectionListener
{
    // What Rent() without a size gives: a page, as Kestrel and System.IO.Pipelines use them.
    private const int DefaultSize = 4096;

    private readonly BufferStore[] _stores = [.. Enumerable.Range(0, SizeClasses.Count).Select(static _ => new BufferStore())];
    private readonly bool _detectMisuse;

    // Swapped whole by Reconfigure.
    private volatile BufferPoolOptions _options;

    // Whether a return fills with zeros. Checked owners fill with their pattern instead.
    private volatile bool _clearOnReturn;

    private AtomicInt32 _disposed;

    /// <summary>Makes a pool.</summary>
    /// <param name="options">Its settings, which are copied; <see langword="null"/> for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of its range.</exception>
    public TieredBufferPool(BufferPoolOptions? options = null)
    {
        _options = Checked(options ?? new BufferPoolOptions());
        _detectMisuse = _options.DetectMisuse;
        _clearOnReturn = _options.ClearOnReturn && !_detectMisuse;
        _caches = new ThreadCaches(this);
        GenerationTwoWatch.Start(this);
    }

    /// <summary>Gets the size of the largest buffer that can be rented, in bytes: as long as an array can be.</summary>
    public override int MaxBufferSize => Array.MaxLength;

    /// <summary>Rents a buffer.</summary>
    /// <param name="minBufferSize">The least number of bytes; -1 for 4,096. What you get is a power of two up to 1 MB, and above that just what you ask for.</param>
    /// <returns>Its owner. Dispose it once, from any thread.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The size is below -1 or above <see cref="MaxBufferSize"/>.</exception>
    /// <exception cref="BufferPoolExhaustedException">The pool is at its bound, and is not to allocate outside of it.</exception>
    /// <exception cref="ObjectDisposedException">The pool has been disposed.</exception>
    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        var size = minBufferSize == -1 ? DefaultSize : minBufferSize;
        if ((uint)size <= SizeClasses.LargestSize)
        {
            var sizeClass = SizeClasses.IndexOf(size);
            if (sizeClass < SizeClasses.CachedCount && ThreadCache.Current is { } cache && cache.Pool == this && cache.TryTake(sizeClass, out var buffer))
            {
                return buffer.Begin();
            }

            return RentShared(sizeClass, SizeClasses.SizeOf(sizeClass));
        }

        return RentUnpooled(size);
    }

    /// <summary>Changes the settings of a pool in use. <see cref="BufferPoolOptions.DetectMisuse"/> stays as it was.</summary>
    /// <param name="options">The new settings, whole; they are copied.</param>
    /// <remarks>Who waits in <see cref="RentAsync"/> is treated by the new settings: served, served from outside of the pool, or refused with a <see cref="BufferPoolExhaustedException"/>.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of its range; nothing has changed then.</exception>
    public void Reconfigure(BufferPoolOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = Checked(options);
        _clearOnReturn = _options.ClearOnReturn && !_detectMisuse;
        Trim(BufferTrim.ToBounds);
        ServeWaiters();
    }

    internal void Return(PooledBuffer buffer)
    {
        if (_clearOnReturn)
        {
            buffer.Array.AsSpan().Clear();
        }

        if (!buffer.IsCacheable || ThreadCache.Current is not { } cache || cache.Pool != this)
        {
            ReturnShared(buffer, cache: null);
        }
        else if (!cache.TryReturn(buffer))
        {
            ReturnShared(buffer, cache);
        }

        if (_waiting.Value != 0)
        {
            ServeWaiters(); // not fenced: pairs with the fence of the waiter that looks once more before it waits
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && _disposed.Exchange(1) == 0)
        {
            _caches.Dispose();
            Trim(BufferTrim.Everything);
            FailWaiters(new ObjectDisposedException(nameof(TieredBufferPool)));
        }
    }

    // Apart, so that the common path has no frame for the message.
    private IMemoryOwner<byte> RentUnpooled(int minBufferSize)
    {
        if (minBufferSize < 0 || minBufferSize > MaxBufferSize)
        {
            throw new ArgumentOutOfRangeException(nameof(minBufferSize), minBufferSize, $"The size must be -1, for {DefaultSize}, or from 0 to {MaxBufferSize}.");
        }

        return RentShared(SizeClasses.Unpooled, minBufferSize);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private IMemoryOwner<byte> RentShared(int sizeClass, int size)
    {
        ObjectDisposedException.ThrowIf(_disposed.Value != 0, this);
        if (TryRentShared(sizeClass, size, out var owner))
        {
            return owner;
        }

        if (_options.WhenExhausted != BufferExhaustion.Allocate)
        {
            throw Exhausted(size);
        }

        return RentOutside(sizeClass, size);
    }

    // Past the bound: no bytes of the pool's, and never kept.
    private IMemoryOwner<byte> RentOutside(int sizeClass, int size)
    {
        var buffer = new PooledBuffer(this, sizeClass, size) { IsFallback = true };
        Interlocked.Increment(ref _fallbacks);
        Interlocked.Add(ref _fallbackBytes, size);
        _shared.CountMiss(sizeClass);
        if (sizeClass == SizeClasses.Unpooled)
        {
            Interlocked.Add(ref _unpooledRented, size);
        }

        return Begin(buffer, isNew: true);
    }

    // Everything but waiting and going past the bound.
    private bool TryRentShared(int sizeClass, int size, [NotNullWhen(true)] out IMemoryOwner<byte>? owner)
    {
        owner = null;
        if (sizeClass == SizeClasses.Unpooled)
        {
            if (TryReserve(size))
            {
                _shared.CountMiss(sizeClass);
                Interlocked.Add(ref _unpooledRented, size);
                owner = Begin(new PooledBuffer(this, sizeClass, size), isNew: true);
            }

            return owner is not null;
        }

        var cache = sizeClass < SizeClasses.CachedCount && !_detectMisuse ? CacheOfThisThread() : null;
        BufferBatch batch = default;
        var room = batch[..(cache is null ? 1 : SizeClasses.Batch(sizeClass))];
        var count = _stores[sizeClass].Take(room);
        if (count > 0)
        {
            Interlocked.Add(ref _storedBytes, -(long)count * size);
            _shared.CountHit(sizeClass);
            Keep(cache, room[1..count]);
            owner = Begin(room[0]!, isNew: false);
            return true;
        }

        if (!TryReserve(size))
        {
            return false;
        }

        _shared.CountMiss(sizeClass);
        owner = Begin(new PooledBuffer(this, sizeClass, size), isNew: true);

        // The next rents of this size are to find something with their thread: a batch less the one that was asked for.
        for (count = 1; count < room.Length && TryReserveSpare(size); count++)
        {
            room[count] = new PooledBuffer(this, sizeClass, size);
        }

        Keep(cache, room[1..count]);
        return true;
    }

    // Unused buffers of one class: with this thread as far as there is room.
    private void Keep(ThreadCache? cache, ReadOnlySpan<PooledBuffer?> buffers)
    {
        var kept = 0;
        while (cache is not null && kept < buffers.Length && cache.TryKeep(buffers[kept]!))
        {
            kept++;
        }

        Store(buffers[kept..]);
    }

    private IMemoryOwner<byte> Begin(PooledBuffer buffer, bool isNew) => _detectMisuse ? new CheckedBuffer(this, buffer.Begin(), isNew) : buffer.Begin();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ReturnShared(PooledBuffer buffer, ThreadCache? cache)
    {
        _shared.CountReturn(buffer.SizeClass);
        if (buffer.SizeClass == SizeClasses.Unpooled)
        {
            Interlocked.Add(ref _unpooledRented, -buffer.Length);
        }

        if (buffer.IsFallback)
        {
            Interlocked.Add(ref _fallbackBytes, -buffer.Length);
            return;
        }

        if (buffer.SizeClass == SizeClasses.Unpooled)
        {
            Release(buffer.Length);
            return;
        }

        if (cache is not null)
        {
            BufferBatch half = default;
            var count = cache.TakeHalf(buffer.SizeClass, half[..SizeClasses.Batch(buffer.SizeClass)]);
            Store(half[..count]);
        }

        PooledBuffer? returned = buffer;
        Keep(cache, new ReadOnlySpan<PooledBuffer?>(in returned));
    }

    private ThreadCache? CacheOfThisThread()
    {
        if (ThreadCache.Current is { } current && current.Pool == this)
        {
            return current;
        }

        var cache = _caches.GetOrMake();
        if (cache is not null)
        {
            ThreadCache.Current = cache;
        }

        return cache;
    }

    private static BufferPoolOptions Checked(BufferPoolOptions options)
    {
        if (options.MaxRetainedBytes is < 0 or > BufferPoolOptions.MostBytes)
        {
            throw new ArgumentOutOfRangeException(nameof(options), options.MaxRetainedBytes, $"{nameof(options.MaxRetainedBytes)} must be from 0 to {BufferPoolOptions.MostBytes}.");
        }

        if (options.MaxBytes is not 0 and (< BufferPoolOptions.LeastBound or > BufferPoolOptions.MostBytes))
        {
            throw new ArgumentOutOfRangeException(nameof(options), options.MaxBytes, $"{nameof(options.MaxBytes)} must be 0, for no bound, or from {BufferPoolOptions.LeastBound} to {BufferPoolOptions.MostBytes}.");
        }

        if (!Enum.IsDefined(options.WhenExhausted))
        {
            throw new ArgumentOutOfRangeException(
                nameof(options), options.WhenExhausted, $"{nameof(options.WhenExhausted)} must be one of {string.Join(", ", Enum.GetNames<BufferExhaustion>())}.");
        }

        return options.Copy();
    }
}
