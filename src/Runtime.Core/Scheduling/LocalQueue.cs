// LocalQueue: one owner pushes at the tail and pops at the head; any other worker takes half from the head in one claim.
//
// Shared words   written by                      read by
//   _head        owner and thieves, by CAS       all       two 32-bit indices in one word: steal (high) and real (low)
//   _tail        owner, release store            thieves
//   _slots       owner (push); taker clears      the one who claimed the slot through _head; the stamps by anyone, as hints
//
// Invariants: steal <= real <= tail <= steal + Capacity (indices wrap at 2^32); a slot in [steal, tail) is never overwritten;
//             an index in [real, tail) is claimed by exactly one successful CAS on _head.
// Protocol:   push   slot, then _tail (release; pairs with the acquire read of _tail in StealInto). No interlocked operation.
//             pop    CAS _head: real + 1, and steal with it unless a thief is at work.
//             steal  CAS _head: real + n, steal stays (this keeps the slots from being reused and other thieves out);
//                    copy the slots; CAS _head: steal = real as it is then.
// Races:      owner and thief both CAS _head for the last item: one fails and looks again. A second thief sees steal != real
//             and reports Retry. The owner's push sees steal, not real, and so cannot overwrite slots that are being copied.
// Overflow:   when the ring is full the owner claims all of it, moves the newer half with the new item to the injector in one batch, and gives
//             itself the older half back, which is where it was. The newer half, so that order is kept, and so that what came from the injector,
//             which lands in the older half, never goes back there unrun: an item leaves the injector at most once (tokio#8029).
// Rejected:   a growing Chase-Lev deque: its owner pop needs a full fence, and growth hides the overload that overflow shows.
// Sources:    Tokio's run queue (32-bit indices against ABA); Chase and Lev 2005; Lê, Pop, Cohen, Zappa Nardelli 2013.
// Tests:      LocalQueueTests (menu and stress); the model suites.
using System.Diagnostics;
using System.Runtime.InteropServices;
using Runtime.Core.Concurrency;

namespace Runtime.Core.Scheduling;

/// <summary>The ring of one worker, as its owner sees it. Other workers hold its <see cref="Stealer"/>.</summary>
internal sealed class LocalQueue
{
    /// <summary>How many items the ring holds. Tokio's and Go's size: large enough for a burst, small enough for a page.</summary>
#if MODEL
    public const int Capacity = 4;
#else
    public const int Capacity = 256;
#endif

    private const uint Mask = Capacity - 1;

    // The ring; a struct element avoids the covariance check of a reference array store.
    private readonly Slot[] _slots = new Slot[Capacity];

    // What goes to the injector, on its way; made at the first overflow. Owner only; empty between two uses.
    private QueueEntry[]? _overflow;

    // Both indices on lines of their own: thieves write the head, the owner writes the tail on every push.
    private Indices _indices;

    /// <summary>An approximation, exact when the queue is at rest.</summary>
    public int Count
    {
        get
        {
            // Head first: the tail never falls behind a head read before it.
            var head = _indices.Head.Value;
            return (int)(_indices.Tail.Value - Real(head));
        }
    }

    /// <summary>Whether the owner would find nothing. Owner only; a thief may empty the queue at any time.</summary>
    public bool IsEmptyToOwner => Real(_indices.Head.Value) == _indices.Tail.Plain;

    public Stealer Visitor => new(this);

    /// <summary>Adds an item at the tail. Owner only. When the ring is full, moves the newer half and the item to the injector.</summary>
    /// <returns>Whether the ring overflowed.</returns>
    public bool Push(QueueEntry entry, Injector overflow)
    {
        var tail = _indices.Tail.Plain; // only the owner writes it
        while (true)
        {
            var head = _indices.Head.Value;
            if (tail - Steal(head) < Capacity)
            {
                _slots[tail & Mask].Fill(entry);
                _indices.Tail.Value = tail + 1; // release; pairs with the tail read in StealInto
                return false;
            }

            if (Steal(head) != Real(head))
            {
                // A thief is copying: it frees half of the ring in a moment, this one item goes round it.
                overflow.Push(entry);
                return true;
            }

            if (TryMoveHalf(head, entry, overflow))
            {
                return true;
            }
        }
    }

    /// <summary>Takes the item at the head. Owner only.</summary>
    public bool TryPop(out QueueEntry entry)
    {
        while (true)
        {
            var head = _indices.Head.Value;
            var real = Real(head);
            if (real == _indices.Tail.Plain)
            {
                entry = default;
                return false;
            }

            // While a thief is between its two CASes, steal is its mark and must stay where it is.
            var next = Steal(head) == real ? Pack(real + 1, real + 1) : Pack(Steal(head), real + 1);
            if (_indices.Head.CompareExchange(next, head) == head)
            {
                entry = _slots[real & Mask].Empty();
                return true;
            }
        }
    }

    /// <summary>When the item at the head became ready, in milliseconds, or <see cref="long.MaxValue"/>. A hint: the item may be gone by now.</summary>
    public long OldestReadyAt
    {
        get
        {
            var real = Real(_indices.Head.Value);
            return (int)(_indices.Tail.Value - real) <= 0 ? long.MaxValue : _slots[real & Mask].Ready.Milliseconds;
        }
    }

    private bool TryMoveHalf(ulong head, QueueEntry entry, Injector overflow)
    {
        const uint half = Capacity / 2;
        var real = Real(head);
        var tail = real + Capacity;
        if (_indices.Head.CompareExchange(Pack(tail, tail), head) != head)
        {
            return false;
        }

        // All slots are the owner's alone now. To everybody else the queue is empty until the tail moves.
        var batch = _overflow ??= new QueueEntry[half + 1];
        for (uint i = 0; i < half; i++)
        {
            batch[i] = _slots[(real + half + i) & Mask].Empty();
        }

        batch[half] = entry;

        // Index tail + i and index real + i are the same slot: the older half is in its place already.
        _indices.Tail.Value = tail + half; // release; pairs with the tail read in StealInto
        overflow.PushMany(batch);
        Array.Clear(batch);
        return true;
    }

    private static uint Real(ulong head) => (uint)head;

    private static uint Steal(ulong head) => (uint)(head >> 32);

    private static ulong Pack(uint steal, uint real) => ((ulong)steal << 32) | real;

    [StructLayout(LayoutKind.Auto)]
    private struct Slot
    {
        private Cell<object?> _item;
        private AtomicInt64 _word;

        public readonly ReadyStamp Ready => QueueEntry.ReadyOf(_word.Value);

        public void Fill(QueueEntry entry)
        {
            _item.Value = entry.Item;
            _word.Value = entry.Word;
        }

        public QueueEntry Empty()
        {
            var item = _item.Value;
            Debug.Assert(item is not null, "A claimed slot holds an item.");
            _item.Value = null;
            return QueueEntry.FromWord(item, _word.Value);
        }
    }

    // 128 bytes between and around: two lines, because the prefetcher of x64 fetches lines in pairs.
    [StructLayout(LayoutKind.Explicit, Size = 384)]
    private struct Indices
    {
        [FieldOffset(128)]
        public AtomicUInt64 Head;

        [FieldOffset(256)]
        public AtomicUInt32 Tail;
    }

    /// <summary>What other workers may do with a queue: take half of it.</summary>
    internal readonly struct Stealer(LocalQueue victim)
    {
        public bool IsEmpty => victim.Count <= 0;

        /// <summary>Moves half of the victim's items, rounded up, to the thief's own queue. Called by the owner of <paramref name="thief"/>.</summary>
        /// <param name="thief">The queue to fill; at most half full, or nothing is taken.</param>
        /// <param name="first">The oldest item taken; it is returned, not queued.</param>
        /// <param name="taken">How many items were taken, <paramref name="first"/> included.</param>
        public StealResult StealInto(LocalQueue thief, out QueueEntry first, out int taken)
        {
            first = default;
            taken = 0;
            var tailOfThief = thief._indices.Tail.Plain; // the caller owns it
            if (tailOfThief - Steal(thief._indices.Head.Value) > Capacity / 2)
            {
                return StealResult.Empty;
            }

            var head = victim._indices.Head.Value;
            var tail = victim._indices.Tail.Value; // acquire; pairs with the release in Push
            var real = Real(head);
            if (Steal(head) != real)
            {
                return StealResult.Retry;
            }

            var available = tail - real;
            if (available == 0)
            {
                return StealResult.Empty;
            }

            // A head read long before its tail can be so stale that the difference means nothing.
            if (available > Capacity)
            {
                return StealResult.Retry;
            }

            var count = available - (available / 2);
            if (victim._indices.Head.CompareExchange(Pack(real, real + count), head) != head)
            {
                return StealResult.Retry;
            }

            first = victim._slots[real & Mask].Empty();
            for (uint i = 1; i < count; i++)
            {
                thief._slots[(tailOfThief + i - 1) & Mask].Fill(victim._slots[(real + i) & Mask].Empty());
            }

            thief._indices.Tail.Value = tailOfThief + count - 1; // publishes them to other thieves
            Release();
            taken = (int)count;
            return StealResult.Success;
        }

        // The second CAS of a steal: the owner may have moved real meanwhile, steal catches up with wherever it is.
        private void Release()
        {
            var head = victim._indices.Head.Value;
            while (true)
            {
                var seen = victim._indices.Head.CompareExchange(Pack(Real(head), Real(head)), head);
                if (seen == head)
                {
                    return;
                }

                head = seen;
            }
        }
    }
}
