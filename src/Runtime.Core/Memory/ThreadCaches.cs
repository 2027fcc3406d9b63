namespace Runtime.Core.Memory;

/// <summary>The caches of all threads that use a pool. Holds them weakly: a cache lives as long as its thread, and is listed until its finalizer has brought its figures elsewhere.</summary>
internal sealed class ThreadCaches : IDisposable
{
    private readonly ThreadLocal<ThreadCache> _ofThread;
    private readonly Lock _lock = new();

    // Under the lock.
    private readonly List<WeakReference<ThreadCache>> _all = [];
    private bool _closed;

    // Keeps visitors of the caches apart.
    private readonly Lock _visitors = new();

    public ThreadCaches(TieredBufferPool pool) => _ofThread = new ThreadLocal<ThreadCache>(() => Make(pool));

    /// <summary>The cache of the calling thread, or <see langword="null"/> when the pool has been disposed.</summary>
    public ThreadCache? GetOrMake()
    {
        if (Volatile.Read(ref _closed))
        {
            return null;
        }

        try
        {
            return _ofThread.Value;
        }
        catch (ObjectDisposedException)
        {
            return null;
        }
    }

    /// <summary>Keeps the list as it is until the result is disposed of. For some microseconds: a thread's first rent waits for it.</summary>
    public Lock.Scope Hold() => _lock.EnterScope();

    /// <summary>Takes the cache of an ended thread off the list. Whoever calls it holds the list.</summary>
    public void Remove(ThreadCache cache) => _all.RemoveAll(reference => !reference.TryGetTarget(out var listed) || ReferenceEquals(listed, cache));

    /// <summary>The caches that there are.</summary>
    public List<ThreadCache> Snapshot()
    {
        var caches = new List<ThreadCache>();
        lock (_lock)
        {
            foreach (var reference in _all)
            {
                if (reference.TryGetTarget(out var cache))
                {
                    caches.Add(cache);
                }
            }
        }

        return caches;
    }

    /// <summary>Takes out what all of them keep.</summary>
    public void EmptyAll(BufferSink sink, bool forGood)
    {
        lock (_visitors)
        {
            foreach (var cache in Snapshot())
            {
                cache.Empty(sink, forGood);
            }
        }
    }

    /// <summary>Takes out what the cache of an ended thread keeps.</summary>
    public void Empty(ThreadCache cache, BufferSink sink)
    {
        lock (_visitors)
        {
            cache.Empty(sink, forGood: true);
        }
    }

    /// <summary>No more caches are made.</summary>
    public void Dispose()
    {
        Volatile.Write(ref _closed, true);
        _ofThread.Dispose();
    }

    private ThreadCache Make(TieredBufferPool pool)
    {
        var cache = new ThreadCache(pool);
        lock (_lock)
        {
            _all.Add(new WeakReference<ThreadCache>(cache, trackResurrection: true)); // until after its finalizer
        }

        return cache;
    }
}
