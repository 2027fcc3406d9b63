using System.Numerics;

namespace Runtime.Core.Memory;

/// <summary>The sizes of pooled buffers: powers of two, so that none wastes more than half of itself and the class of a size is one instruction.</summary>
internal static class SizeClasses
{
    /// <summary>The largest size that is pooled.</summary>
    public const int LargestSize = 1 << 20;

    /// <summary>How many classes there are: 64 B to 1 MB.</summary>
    public const int Count = 15;

    /// <summary>The class of what is made for one rent.</summary>
    public const int Unpooled = Count;

    /// <summary>How many of them threads keep: those up to 64 KB.</summary>
    public const int CachedCount = 11;

    private const int SmallestShift = 6;
    private const int SmallestSize = 1 << SmallestShift;
    private const int CacheBytes = 128 * 1024;
    private const int MostInCache = 128;

    /// <summary>The class that a size is rented from; <see cref="Unpooled"/> above the largest.</summary>
    public static int IndexOf(int size) => size > LargestSize ? Unpooled : BitOperations.Log2((uint)Math.Max(size - 1, 0) | (SmallestSize - 1)) - (SmallestShift - 1);

    public static int SizeOf(int index) => 1 << (index + SmallestShift);

    /// <summary>How many buffers of a class a thread keeps: 128 KB of them, from 2 to 128.</summary>
    public static int CacheCapacity(int index) => Math.Clamp(CacheBytes / SizeOf(index), 2, MostInCache);

    /// <summary>How many go to and from the common store at a time: half of what a thread keeps, 64 of the small ones. So a thread that rents and returns in turn never goes there twice in a row.</summary>
    public static int Batch(int index) => index < CachedCount ? CacheCapacity(index) / 2 : 1;

    public static BufferTier TierOf(int index) => SizeOf(index) <= 1024 ? BufferTier.Small : index < CachedCount ? BufferTier.Medium : BufferTier.Large;
}
