namespace Runtime.Core.Memory;

public sealed partial class TieredBufferPool
{
    /// <summary>Reads how the pool stands.</summary>
    /// <returns>Its figures. Some microseconds; allocates.</returns>
    public BufferPoolSnapshot Snapshot()
    {
        using var held = _caches.Hold(); // a thread that ends meanwhile has its figures in one place
        var caches = _caches.Snapshot();
        var rents = new long[3];
        var misses = new long[3];
        var outstanding = new long[3];
        var bytes = new long[3];
        for (var sizeClass = 0; sizeClass <= SizeClasses.Count; sizeClass++)
        {
            // Returns first: a rent that comes meanwhile is one too many rather than one too few.
            var returned = _shared.Returns(sizeClass) + caches.Sum(cache => cache.Returns(sizeClass));
            var missed = _shared.Misses(sizeClass);
            var rented = missed + _shared.Hits(sizeClass) + caches.Sum(cache => cache.Hits(sizeClass));
            var tier = (int)(sizeClass == SizeClasses.Unpooled ? BufferTier.Large : SizeClasses.TierOf(sizeClass));
            rents[tier] += rented;
            misses[tier] += missed;
            outstanding[tier] += Math.Max(0, rented - returned);
            bytes[tier] += sizeClass == SizeClasses.Unpooled ? Interlocked.Read(ref _unpooledRented) : Math.Max(0, rented - returned) * SizeClasses.SizeOf(sizeClass);
        }

        var tiers = Enum.GetValues<BufferTier>().Select(tier => new BufferTierSnapshot
        {
            Tier = tier,
            Rents = rents[(int)tier],
            Misses = misses[(int)tier],
            Outstanding = outstanding[(int)tier],
            OutstandingBytes = bytes[(int)tier],
        });
        return new BufferPoolSnapshot
        {
            AllocatedBytes = Interlocked.Read(ref _allocated),
            PeakBytes = Interlocked.Read(ref _peak),
            RentedBytes = Math.Max(0, bytes.Sum() - Interlocked.Read(ref _fallbackBytes)),
            MaxBytes = _options.MaxBytes,
            TrimmedBytes = Interlocked.Read(ref _trimmed),
            Fallbacks = Interlocked.Read(ref _fallbacks),
            Waiting = _waiting.Value,
            DoubleReturns = Interlocked.Read(ref _doubleReturns),
            Tiers = [.. tiers],
        };
    }
}
