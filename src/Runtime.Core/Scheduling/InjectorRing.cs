// InjectorRing: a bounded queue, first in, first out, for any number of producers and consumers. The fast part of the injector.
//
// Shared words      written by                                 read by
//   _tail           producers, by CAS                          producers; others as a hint
//   _head           consumers, by CAS                          all
//   slot.Sequence   the producer that claimed the index p      all     p: free for index p. p + 1: holds the item of p.
//                   (p + 1), then the consumer that claimed            p + Capacity: free for the next round.
//                   it (p + Capacity)
//
// Invariants: an index is claimed for writing by one CAS on _tail and for reading by one CAS on _head; between the two stores of Sequence the slot
//             belongs to that one claimer. _head <= _tail <= _head + Capacity.
// Protocol:   push   find the slot of _tail free (Sequence == tail); CAS _tail; fill the slot; Sequence = tail + 1 (release).
//             take   count the slots from _head on that hold an item (Sequence == index + 1, acquire); CAS _head over all of them; copy them;
//                    give each back (Sequence = index + Capacity, release).
// Races:      a producer that is descheduled between its CAS and its release hides the items behind its own, published ones too, until it
//             goes on. Then it wakes a worker, as after every push, so nothing stays hidden; a consumer that meets the gap takes it for the end.
// Bounds:     an index comes round after 2^32 pushes; a thread would have to sleep exactly that long between its read and its CAS.
// Rejected:   one lock around a list (producers and workers hand its line to and fro, and a descheduled holder stops them all); Vyukov's
//             MPSC list (one exchange a push, but a node for each item); a shard for each producer (loses the order between producers).
// Sources:    Vyukov's bounded MPMC queue; ConcurrentQueueSegment of the BCL. Tests: InjectorTests, the model suites.
using System.Runtime.InteropServices;
using Runtime.Core.Concurrency;

namespace Runtime.Core.Scheduling;

/// <summary>A bounded lock-free queue for many producers and many consumers.</summary>
internal sealed class InjectorRing
{
    /// <summary>How many items it holds: enough for a burst from several threads while a worker wakes up; 48 KB.</summary>
#if MODEL
    public const int Capacity = 2;
#else
    public const int Capacity = 2048;
#endif

    private const uint Mask = Capacity - 1;

    private readonly Slot[] _slots = new Slot[Capacity];

    private Indices _indices;

    public InjectorRing()
    {
        for (uint i = 0; i < Capacity; i++)
        {
            _slots[i].Sequence.Value = i;
        }
    }

    /// <summary>How many items have ever been pushed, modulo 2^32.</summary>
    public uint Pushed => _indices.Tail.Value;

    /// <summary>How many items there are, those still being written included; exact at the moment of the second look at the head.</summary>
    public int Count
    {
        get
        {
            while (true)
            {
                // Only a tail that belongs to the head says anything: Injector parks workers by this.
                var head = _indices.Head.Value;
                var tail = _indices.Tail.Value;
                if (_indices.Head.Value == head)
                {
                    return (int)(tail - head);
                }
            }
        }
    }

    /// <summary>Whether there is nothing to take now. After a fence it sees every item that was published before the publisher's own fence.</summary>
    public bool IsEmpty
    {
        get
        {
            while (true)
            {
                var head = _indices.Head.Value;
                if (_slots[head & Mask].Sequence.Value == head + 1)
                {
                    return false;
                }

                if (_indices.Head.Value == head)
                {
                    return true; // else the head has moved on meanwhile: the slot said nothing
                }
            }
        }
    }

    /// <summary>When the oldest item became ready, in milliseconds, or <see cref="long.MaxValue"/>; a hint.</summary>
    public long OldestReadyAt
    {
        get
        {
            var head = _indices.Head.Value;
            ref var slot = ref _slots[head & Mask];
            return slot.Sequence.Value == head + 1 ? QueueEntry.ReadyOf(slot.Word.Value).Milliseconds : long.MaxValue;
        }
    }

    /// <summary>Adds an item at the tail.</summary>
    /// <returns>Whether there was room.</returns>
    public bool TryPush(in QueueEntry entry)
    {
        var tail = _indices.Tail.Value;
        while (true)
        {
            ref var slot = ref _slots[tail & Mask];
            if (slot.Sequence.Value == tail)
            {
                var seen = _indices.Tail.CompareExchange(tail + 1, tail);
                if (seen == tail)
                {
                    slot.Fill(entry, tail);
                    return true;
                }

                tail = seen;
                continue;
            }

            var again = _indices.Tail.Value;
            if (again == tail)
            {
                return false; // full
            }

            tail = again;
        }
    }

    /// <summary>Adds items at the tail, one after another with nothing in between.</summary>
    /// <returns>How many there was room for; the first so many are in.</returns>
    public int Push(ReadOnlySpan<QueueEntry> entries)
    {
        var tail = _indices.Tail.Value;
        while (true)
        {
            var count = CountFrom(tail, entries.Length, offset: 0);
            if (count == 0)
            {
                var again = _indices.Tail.Value;
                if (again == tail)
                {
                    return 0; // full
                }

                tail = again;
                continue;
            }

            var seen = _indices.Tail.CompareExchange(tail + (uint)count, tail);
            if (seen == tail)
            {
                for (var i = 0; i < count; i++)
                {
                    var index = tail + (uint)i;
                    _slots[index & Mask].Fill(entries[i], index);
                }

                return count;
            }

            tail = seen;
        }
    }

    /// <summary>Takes the oldest items.</summary>
    /// <param name="taken">Where to put them; as many as there is room for are taken.</param>
    /// <returns>How many.</returns>
    public int Take(Span<QueueEntry> taken)
    {
        var head = _indices.Head.Value;
        while (true)
        {
            var count = CountFrom(head, taken.Length, offset: 1);
            if (count == 0)
            {
                var again = _indices.Head.Value;
                if (again == head)
                {
                    return 0;
                }

                head = again;
                continue;
            }

            var seen = _indices.Head.CompareExchange(head + (uint)count, head);
            if (seen == head)
            {
                for (var i = 0; i < count; i++)
                {
                    var index = head + (uint)i;
                    taken[i] = _slots[index & Mask].Empty(index);
                }

                return count;
            }

            head = seen;
        }
    }

    // How many slots from an index on are in a state: free to fill (0) or holding an item (1).
    private int CountFrom(uint index, int most, uint offset)
    {
        var count = 0;
        while (count < most && count < Capacity && _slots[(index + (uint)count) & Mask].Sequence.Value == index + (uint)count + offset)
        {
            count++;
        }

        return count;
    }

    [StructLayout(LayoutKind.Auto)]
    private struct Slot
    {
        public AtomicUInt32 Sequence;
        public AtomicInt64 Word;
        private Cell<object?> _item;

        public void Fill(QueueEntry entry, uint index)
        {
            _item.Value = entry.Item;
            Word.Value = entry.Word;
            Sequence.Value = index + 1; // release; pairs with the acquire in CountFrom
        }

        public QueueEntry Empty(uint index)
        {
            var entry = QueueEntry.FromWord(_item.Value!, Word.Value);
            _item.Value = null;
            Sequence.Value = index + Capacity; // release; pairs with the acquire in CountFrom
            return entry;
        }
    }

    // Producers write the one, consumers the other; 128 bytes between and around.
    [StructLayout(LayoutKind.Explicit, Size = 384)]
    private struct Indices
    {
        [FieldOffset(128)]
        public AtomicUInt32 Tail;

        [FieldOffset(256)]
        public AtomicUInt32 Head;
    }
}
