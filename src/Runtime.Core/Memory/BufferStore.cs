namespace Runtime.Core.Memory;

/// <summary>The unused buffers of one class that belong to no thread. Thread safe; one lock, passed once for a batch.</summary>
internal sealed class BufferStore
{
    private readonly Lock _lock = new();

    // Last in, first out: the top is warm. Under the lock.
    private PooledBuffer?[] _buffers = new PooledBuffer[4];
    private int _count;

    // The fewest there were since the last trim: so many have not been needed. Under the lock.
    private int _fewest;

    public int Count => Volatile.Read(ref _count);

    /// <summary>Takes as many as there are and fit.</summary>
    public int Take(Span<PooledBuffer?> taken)
    {
        if (Count == 0)
        {
            return 0;
        }

        lock (_lock)
        {
            var count = Math.Min(_count, taken.Length);
            for (var i = 0; i < count; i++)
            {
                taken[i] = _buffers[--_count];
                _buffers[_count] = null;
            }

            _fewest = Math.Min(_fewest, _count);
            return count;
        }
    }

    public void Put(ReadOnlySpan<PooledBuffer?> buffers)
    {
        lock (_lock)
        {
            if (_count + buffers.Length > _buffers.Length)
            {
                Array.Resize(ref _buffers, Math.Max(_count + buffers.Length, 2 * _buffers.Length));
            }

            buffers.CopyTo(_buffers.AsSpan(_count));
            _count += buffers.Length;
        }
    }

    /// <summary>How many were not needed since this was last asked.</summary>
    public int TakeIdle()
    {
        lock (_lock)
        {
            var idle = _fewest;
            _fewest = _count;
            return idle;
        }
    }
}
