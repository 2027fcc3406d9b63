using System.Collections.Concurrent;
using Runtime.Core.Scheduling;

namespace Runtime.Core.Execution;

/// <summary>Keeps the items of posted delegates, so that a post allocates nothing once a runtime is warm.</summary>
/// <remarks>
/// Each thread has a short list of its own, used without any synchronisation; batches of 32 go to and from a list of the runtime, because
/// those who post and those who run are different threads. Thread safe. Bounded: at most 128 items on a thread and 16,384 in the runtime, for each type.
/// </remarks>
internal sealed class PostedActionPool(WorkLedger ledger)
{
    private const int Batch = 32;
    private const int MostOnThread = 4 * Batch;
    private const int MostBatches = 512;

    // Batches by the type of their items, each linked through NextFree.
    private readonly ConcurrentDictionary<Type, BatchStack> _batches = new();

    public WorkLedger Ledger => ledger;

    public PostedAction<TState> Take<TState>()
    {
        var item = OnThread<TState>.Free;
        if (item is null)
        {
            if (!_batches.TryGetValue(typeof(TState), out var batches) || !batches.TryPop(out var batch))
            {
                return new PostedAction<TState>();
            }

            item = (PostedAction<TState>)batch;
            OnThread<TState>.Count = Batch;
        }

        OnThread<TState>.Free = item.NextFree;
        OnThread<TState>.Count--;
        item.NextFree = null;
        return item;
    }

    public void Return<TState>(PostedAction<TState> item)
    {
        if (OnThread<TState>.Count >= MostOnThread)
        {
            GiveBatch<TState>();
        }

        item.NextFree = OnThread<TState>.Free;
        OnThread<TState>.Free = item;
        OnThread<TState>.Count++;
    }

    private void GiveBatch<TState>()
    {
        var first = OnThread<TState>.Free!;
        var last = first;
        for (var i = 1; i < Batch; i++)
        {
            last = last.NextFree!;
        }

        OnThread<TState>.Free = last.NextFree;
        OnThread<TState>.Count -= Batch;
        last.NextFree = null;
        _batches.GetOrAdd(typeof(TState), static _ => new BatchStack()).Push(first);
    }

    // A lock for every 32 items: a lock-free stack would make a node for each batch.
    private sealed class BatchStack
    {
        private readonly Lock _lock = new();
        private readonly object?[] _batches = new object?[MostBatches];
        private int _count;

        public void Push(object batch)
        {
            lock (_lock)
            {
                if (_count < MostBatches)
                {
                    _batches[_count++] = batch;
                }
            }
        }

        public bool TryPop([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out object? batch)
        {
            lock (_lock)
            {
                batch = _count > 0 ? _batches[--_count] : null;
                if (batch is not null)
                {
                    _batches[_count] = null;
                }

                return batch is not null;
            }
        }
    }

    // The list of a thread. Its items are clean and belong to no runtime.
    private static class OnThread<TState>
    {
        [ThreadStatic]
        internal static PostedAction<TState>? Free;

        [ThreadStatic]
        internal static int Count;
    }
}
