using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Runtime.Core.Concurrency;

namespace Runtime.Core.Memory;

/// <summary>The buffers that one thread keeps, and what it has done. Its thread enters without an interlocked operation; the pool's trim and its bound come as visitors.</summary>
/// <remarks>When its thread has ended nothing holds it but the pool's list, weakly: the finalizer gives what it keeps back.</remarks>
[SuppressMessage("Design", "MA0055:Do not use finalizer", Justification = "The end of a thread is told in no other way")]
internal sealed class ThreadCache
{
    // The cache of this thread, of whichever pool it used last.
    [ThreadStatic]
    private static ThreadCache? _current;

    private readonly TieredBufferPool _pool;
    private readonly Stack[] _stacks = new Stack[SizeClasses.CachedCount];

    private BiasedLock _lock;

    public ThreadCache(TieredBufferPool pool)
    {
        _pool = pool;
        for (var i = 0; i < _stacks.Length; i++)
        {
            _stacks[i].Buffers = new PooledBuffer[SizeClasses.CacheCapacity(i)];
        }
    }

    ~ThreadCache() => _pool.Retire(this);

    public static ThreadCache? Current
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _current;
        set => _current = value;
    }

    public TieredBufferPool Pool => _pool;

    /// <summary>How many rents of a class found a buffer here.</summary>
    public long Hits(int sizeClass) => sizeClass < _stacks.Length ? Volatile.Read(ref _stacks[sizeClass].Hits) : 0;

    /// <summary>How many returns of a class came here.</summary>
    public long Returns(int sizeClass) => sizeClass < _stacks.Length ? Volatile.Read(ref _stacks[sizeClass].Returns) : 0;

    /// <summary>Takes a buffer. Owner only.</summary>
    public bool TryTake(int sizeClass, [NotNullWhen(true)] out PooledBuffer? buffer)
    {
        buffer = null;
        if (!_lock.TryEnter())
        {
            return false;
        }

        ref var stack = ref _stacks[sizeClass];
        var count = stack.Count - 1;
        var buffers = stack.Buffers;
        if ((uint)count < (uint)buffers.Length)
        {
            buffer = buffers[count]!; // and stays there, unseen, so that a return in turn need not write it again
            stack.Count = count;
            Volatile.Write(ref stack.Hits, stack.Hits + 1);
        }

        _lock.Exit();
        return buffer is not null;
    }

    /// <summary>Keeps a buffer that was rented. Owner only.</summary>
    /// <returns><see langword="false"/> when there is no room for it now.</returns>
    public bool TryReturn(PooledBuffer buffer)
    {
        if (!_lock.TryEnter())
        {
            return false;
        }

        ref var stack = ref _stacks[buffer.SizeClass];
        var count = stack.Count;
        var buffers = stack.Buffers;
        var hasRoom = (uint)count < (uint)buffers.Length;
        if (hasRoom)
        {
            if (buffers[count] != buffer)
            {
                buffers[count] = buffer;
            }

            stack.Count = count + 1;
            Volatile.Write(ref stack.Returns, stack.Returns + 1);
        }

        _lock.Exit();
        return hasRoom;
    }

    /// <summary>Keeps a buffer that nobody uses. Owner only.</summary>
    public bool TryKeep(PooledBuffer buffer)
    {
        if (!_lock.TryEnter())
        {
            return false;
        }

        ref var stack = ref _stacks[buffer.SizeClass];
        var count = stack.Count;
        var hasRoom = count < stack.Buffers.Length;
        if (hasRoom)
        {
            stack.Buffers[count] = buffer;
            stack.Count = count + 1;
        }

        _lock.Exit();
        return hasRoom;
    }

    /// <summary>Takes the older half of what it keeps of a class out, to make room. Owner only.</summary>
    public int TakeHalf(int sizeClass, Span<PooledBuffer?> taken)
    {
        if (!_lock.TryEnter())
        {
            return 0;
        }

        ref var stack = ref _stacks[sizeClass];
        var count = Math.Min(stack.Count, taken.Length);
        stack.Buffers.AsSpan(0, count).CopyTo(taken);
        stack.Buffers.AsSpan(count, stack.Count - count).CopyTo(stack.Buffers);
        stack.Count -= count;
        stack.Buffers.AsSpan(stack.Count).Clear();
        _lock.Exit();
        return count;
    }

    /// <summary>Takes everything out. A visitor, under the pool's lock of visitors; or the finalizer.</summary>
    /// <param name="sink">Is given the buffers of one class at a time.</param>
    /// <param name="forGood">Whether the owner is to keep nothing any more.</param>
    /// <remarks>When the owner has lost its processor inside, nothing is taken.</remarks>
    public void Empty(BufferSink sink, bool forGood)
    {
        if (_lock.TryRevoke())
        {
            foreach (ref var stack in _stacks.AsSpan())
            {
                sink(stack.Buffers.AsSpan(0, stack.Count));
                Array.Clear(stack.Buffers);
                stack.Count = 0;
            }
        }

        if (!forGood)
        {
            _lock.Restore();
        }
    }

    private struct Stack
    {
        // The first so many are kept; what is above has been rented since, or is gone.
        public PooledBuffer?[] Buffers;
        public int Count;

        // What its thread has done. Written by it alone.
        public long Hits;
        public long Returns;
    }
}
