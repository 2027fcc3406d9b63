using System.Collections.Concurrent;
using Runtime.Core.Memory;

namespace Runtime.Core.Execution;

/// <summary>Keeps the work items behind posts and the runtime's own value tasks, so that neither allocates once a runtime is warm.</summary>
/// <remarks>
/// Each thread has a short list of its own, used without any synchronisation; batches of 32 go to and from a list of the runtime, because those who take
/// and those who give back are often different threads. Thread safe. Bounded: at most 128 objects on a thread and a million in the runtime, for each type; and of
/// those that nobody has needed between two full collections half go with the second.
/// </remarks>
internal sealed class ItemPool : ICollectionListener
{
    private const int Batch = 32;
    private const int MostOnThread = 4 * Batch;
    private const int MostBatches = 32_768;

    private readonly ConcurrentDictionary<Type, Batches> _shared = new();

    public ItemPool() => GenerationTwoWatch.Start(this);

    bool ICollectionListener.OnCollection()
    {
        foreach (var batches in _shared.Values)
        {
            batches.Trim();
        }

        return true;
    }

    /// <summary>Takes a clean object, or makes one.</summary>
    public T Take<T>()
        where T : PooledItem, new()
    {
        var item = OnThread<T>.Free;
        if (item is null)
        {
            if (!_shared.TryGetValue(typeof(T), out var shared) || shared.Pop() is not { } batch)
            {
                return new T();
            }

            item = batch;
            OnThread<T>.Count = Batch;
        }

        OnThread<T>.Free = item.NextFree;
        OnThread<T>.Count--;
        item.NextFree = null;
        return (T)item;
    }

    /// <summary>Takes an object back. It has been cleaned, and nobody else will touch it.</summary>
    public void Return<T>(T item)
        where T : PooledItem
    {
        if (OnThread<T>.Count >= MostOnThread)
        {
            GiveBatch<T>();
        }

        item.NextFree = OnThread<T>.Free;
        OnThread<T>.Free = item;
        OnThread<T>.Count++;
    }

    private void GiveBatch<T>()
        where T : PooledItem
    {
        var first = OnThread<T>.Free!;
        var last = first;
        for (var i = 1; i < Batch; i++)
        {
            last = last.NextFree!;
        }

        OnThread<T>.Free = last.NextFree;
        OnThread<T>.Count -= Batch;
        last.NextFree = null;
        _shared.GetOrAdd(typeof(T), static _ => new Batches()).Push(first);
    }

    // Batches, each linked through NextFree. An array and a lock, once in 32 items: a lock-free stack would allocate a node for each.
    private sealed class Batches
    {
        private readonly Lock _lock = new();
        private PooledItem?[] _items = new PooledItem?[4];
        private int _count;

        // The least there were since the last trim.
        private int _unused;

        public void Trim()
        {
            lock (_lock)
            {
                var kept = _count - ((_unused + 1) / 2);
                Array.Clear(_items, kept, _count - kept);
                _unused = _count = kept;
            }
        }

        public PooledItem? Pop()
        {
            lock (_lock)
            {
                if (_count == 0)
                {
                    return null;
                }

                _count--;
                _unused = Math.Min(_unused, _count);
                var batch = _items[_count];
                _items[_count] = null;
                return batch;
            }
        }

        // One too many is left to the garbage collector.
        public void Push(PooledItem batch)
        {
            lock (_lock)
            {
                if (_count == MostBatches)
                {
                    return;
                }

                if (_count == _items.Length)
                {
                    Array.Resize(ref _items, _count * 2);
                }

                _items[_count++] = batch;
            }
        }
    }

    // The list of a thread. Its objects are clean and belong to no runtime.
    private static class OnThread<T>
    {
        [ThreadStatic]
        internal static PooledItem? Free;

        [ThreadStatic]
        internal static int Count;
    }
}
