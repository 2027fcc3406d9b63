// Injector: the global queue. A bounded lock-free ring that nearly everything passes, and an unbounded queue under a lock for what it cannot hold.
//
// Shared words   written by                                              read by
//   _ring        see InjectorRing
//   _spilled     under _lock, release store                              all: the length of _spill
//   _spill       under _lock
//   _closed      Close, once                                             all
//
// Invariant:  what is in the ring is older than what is in the spill. A push goes to the ring only while the spill is empty, and consumers
//             take from the spill only while the ring is empty, items that are still being written counted. So items of one producer leave in the
//             order they came, and so do any two pushes that did not overlap.
// Gap:        while a producer is between its claim and its release in the ring, what is behind it, the spill included, cannot be taken. It wakes a
//             worker after its release, so a worker that finds nothing to take may park.
// Close:      a push publishes, fences, and then reads _closed; Close sets it, fences, and then takes everything out. One of the two sees the
//             other's, so an item is taken by Close or by its own push, and runs elsewhere in either case.
// Tests:      InjectorTests, the model suites.
using Runtime.Core.Concurrency;

namespace Runtime.Core.Scheduling;

/// <summary>The global injection queue: first in, first out, fed by threads outside the runtime, by queues that give up their turn and by overflowing rings.</summary>
/// <remarks>Thread safe. A push into the ring is one interlocked operation and one fence, whatever the number of items, and allocates nothing.</remarks>
internal sealed class Injector(Action<QueueEntry> afterClose)
{
    private readonly InjectorRing _ring = new();
    private readonly Lock _lock = new();
    private readonly EntryQueue _spill = new();

    private AtomicInt32 _spilled;
    private AtomicInt32 _closed;

    /// <summary>How many items wait; a hint.</summary>
    public int Count => _ring.Count + _spilled.Value;

    /// <summary>Whether the number of items ever pushed is a multiple of a power of two, so that a caller can do something once in so many pushes.</summary>
    public bool IsMultiple(int powerOfTwo) => (_ring.Pushed & (uint)(powerOfTwo - 1)) == 0 || _spilled.Value != 0;

    /// <summary>Whether there is nothing to take now. After a fence it sees every push that preceded the pusher's own fence.</summary>
    /// <remarks>What is behind an item in transit cannot be taken yet; the producer of that item wakes a worker when it has arrived.</remarks>
    public bool IsEmpty => _ring.IsEmpty && (_spilled.Value == 0 || _ring.Count > 0);

    /// <summary>When the oldest item became ready, in milliseconds, or <see cref="long.MaxValue"/>; a hint.</summary>
    public long OldestReadyAt
    {
        get
        {
            var oldest = _ring.OldestReadyAt;
            if (oldest != long.MaxValue || _spilled.Value == 0)
            {
                return oldest;
            }

            using (_lock.EnterScope())
            {
                return _spill.OldestReadyAt;
            }
        }
    }

    /// <summary>Adds an item at the tail; a closed queue hands it on instead. A full fence: the caller may go on to ask whether to wake somebody.</summary>
    public void Push(QueueEntry entry)
    {
        if (_spilled.Value != 0 || !_ring.TryPush(entry))
        {
            Spill(new ReadOnlySpan<QueueEntry>(in entry));
        }

        Fence.Full(); // pairs with the one in Close, and with the one in IdleSet.Enter
        if (_closed.Value != 0)
        {
            HandOnAll();
        }
    }

    /// <summary>Adds items at the tail, in order; a closed queue hands them on instead. A full fence.</summary>
    public void PushMany(ReadOnlySpan<QueueEntry> entries)
    {
        var pushed = _spilled.Value == 0 ? _ring.Push(entries) : 0;
        if (pushed < entries.Length)
        {
            Spill(entries[pushed..]);
        }

        Fence.Full(); // pairs with the one in Close, and with the one in IdleSet.Enter
        if (_closed.Value != 0)
        {
            HandOnAll();
        }
    }

    /// <summary>Takes the oldest item.</summary>
    public bool TryPop(out QueueEntry entry)
    {
        entry = default;
        return Take(new Span<QueueEntry>(ref entry)) == 1;
    }

    /// <summary>Takes the oldest items.</summary>
    /// <param name="taken">Where to put them; as many as there is room for are taken.</param>
    /// <returns>How many.</returns>
    public int Take(Span<QueueEntry> taken)
    {
        var count = _ring.Take(taken);
        if (count < taken.Length && _spilled.Value != 0 && _ring.Count == 0)
        {
            using (_lock.EnterScope())
            {
                // Both may have filled since the ring was looked at, and then the ring has the older ones.
                count += _ring.Take(taken[count..]);
                while (count < taken.Length && _spill.Count > 0 && _ring.Count == 0)
                {
                    taken[count++] = _spill.Dequeue();
                }

                _spilled.Value = _spill.Count;
            }
        }

        return count;
    }

    /// <summary>Closes the queue and hands on what is left in it; so does every later push.</summary>
    public void Close()
    {
        _closed.Value = 1;
        Fence.Full(); // pairs with the one in PushMany
        HandOnAll();
    }

    private void Spill(ReadOnlySpan<QueueEntry> entries)
    {
        using (_lock.EnterScope())
        {
            foreach (var entry in entries)
            {
                _spill.Enqueue(entry);
            }

            _spilled.Value = _spill.Count;
        }
    }

    private void HandOnAll()
    {
        while (TryPop(out var entry))
        {
            afterClose(entry);
        }
    }
}
