namespace Runtime.Core.Memory;

/// <summary>What was rented and returned past the threads' caches, by class. Thread safe.</summary>
internal sealed class BufferCounters
{
    // One more class for what is not pooled. By Interlocked.
    private readonly long[] _hits = new long[SizeClasses.Count + 1];
    private readonly long[] _misses = new long[SizeClasses.Count + 1];
    private readonly long[] _returns = new long[SizeClasses.Count + 1];

    /// <summary>A rent from the common store.</summary>
    public void CountHit(int sizeClass) => Interlocked.Increment(ref _hits[sizeClass]);

    /// <summary>A rent that had a buffer made.</summary>
    public void CountMiss(int sizeClass) => Interlocked.Increment(ref _misses[sizeClass]);

    /// <summary>A return to the common store, or from outside of the pool.</summary>
    public void CountReturn(int sizeClass) => Interlocked.Increment(ref _returns[sizeClass]);

    /// <summary>Adds those of a thread that has ended.</summary>
    public void Add(ThreadCache cache)
    {
        for (var i = 0; i < SizeClasses.CachedCount; i++)
        {
            Interlocked.Add(ref _hits[i], cache.Hits(i));
            Interlocked.Add(ref _returns[i], cache.Returns(i));
        }
    }

    public long Hits(int sizeClass) => Volatile.Read(ref _hits[sizeClass]);

    public long Misses(int sizeClass) => Volatile.Read(ref _misses[sizeClass]);

    public long Returns(int sizeClass) => Volatile.Read(ref _returns[sizeClass]);
}
