// LocalQueue: one owner pushes at the tail and pops at the head; any other worker takes half from the head in one claim.
//
// Shared words   written by                      read by
//   _head        owner and thieves, by CAS       all       two 32-bit indices in one word: steal (high) and real (low)
//   _tail        owner, release store            thieves
//   _slots       owner (push); taker clears      the one who claimed the slot through _head
//
// Invariants: steal <= real <= tail <= steal + Capacity (indices wrap at 2^32); a slot in [steal, tail) is never overwritten;
//             an index in [real, tail) is claimed by exactly one successful CAS on _head.
// Protocol:   push   slot, then _tail (release; pairs with the acquire read of _tail in StealInto).
//             pop    CAS _head: real + 1, and steal with it unless a thief is at work.
//             steal  CAS _head: real + n, steal stays (this keeps the slots from being reused and other thieves out);
//                    copy the slots; CAS _head: steal = real as it is then.
// Races:      owner and thief both CAS _head for the last item: one fails and looks again. A second thief sees steal != real
//             and reports Retry. The owner's push sees steal, not real, and so cannot overwrite slots that are being copied.
// Overflow:   when the ring is full the owner claims the older half and moves it, with the new item, to the injector in one batch.
// Rejected:   a growing Chase-Lev deque: its owner pop needs a full fence, and growth hides the overload that overflow shows.
// Sources:    Tokio's run queue (32-bit indices against ABA); Chase and Lev 2005; Lê, Pop, Cohen, Zappa Nardelli 2013.
// Tests:      LocalQueueTests (menu and stress).
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Runtime.Core.Scheduling;

/// <summary>The outcome of an attempt to steal. A lost race is not an empty victim.</summary>
internal enum StealResult : byte
{
    /// <summary>The victim had nothing.</summary>
    Empty,

    /// <summary>Work was taken.</summary>
    Success,

    /// <summary>Another thread got in between; there may be work.</summary>
    Retry,
}

/// <summary>The ring of one worker, as its owner sees it. Other workers hold its <see cref="Stealer"/>.</summary>
internal sealed class LocalQueue
{
    /// <summary>How many items the ring holds. Tokio's and Go's size: large enough for a burst, small enough for two pages of references.</summary>
    public const int Capacity = 256;

    private const uint Mask = Capacity - 1;

    // The ring; a struct element avoids the covariance check of a reference array store.
    private readonly Slot[] _slots = new Slot[Capacity];

    // Both indices on lines of their own: thieves write the head, the owner writes the tail on every push.
    private Indices _indices;

    /// <summary>An approximation, exact when the queue is at rest.</summary>
    public int Count
    {
        get
        {
            // Head first: the tail never falls behind a head read before it.
            var head = Volatile.Read(ref _indices.Head);
            return (int)(Volatile.Read(ref _indices.Tail) - Real(head));
        }
    }

    public Stealer Visitor => new(this);

    /// <summary>Adds an item at the tail. Owner only. When the ring is full, moves the older half and the item to the injector.</summary>
    /// <returns>Whether the ring overflowed.</returns>
    public bool Push(WorkItem item, Injector overflow)
    {
        var tail = _indices.Tail; // only the owner writes it
        while (true)
        {
            var head = Volatile.Read(ref _indices.Head);
            if (tail - Steal(head) < Capacity)
            {
                _slots[tail & Mask].Item = item;
                Volatile.Write(ref _indices.Tail, tail + 1); // release; pairs with the tail read in StealInto
                return false;
            }

            if (Steal(head) != Real(head))
            {
                // A thief is copying: it frees half of the ring in a moment, this one item goes round it.
                overflow.Push(item);
                return true;
            }

            if (TryMoveHalf(head, item, overflow))
            {
                return true;
            }
        }
    }

    /// <summary>Takes the item at the head. Owner only.</summary>
    public WorkItem? Pop()
    {
        while (true)
        {
            var head = Volatile.Read(ref _indices.Head);
            var real = Real(head);
            if (real == _indices.Tail)
            {
                return null;
            }

            // While a thief is between its two CASes, steal is its mark and must stay where it is.
            var next = Steal(head) == real ? Pack(real + 1, real + 1) : Pack(Steal(head), real + 1);
            if (Interlocked.CompareExchange(ref _indices.Head, next, head) == head)
            {
                ref var slot = ref _slots[real & Mask];
                var item = slot.Item!;
                slot.Item = null;
                return item;
            }
        }
    }

    /// <summary>When the item at the head became ready, or <see cref="long.MaxValue"/>. Owner only; a thief may take the item meanwhile.</summary>
    public long PeekReadyAt()
    {
        var real = Real(Volatile.Read(ref _indices.Head));
        return real == _indices.Tail ? long.MaxValue : _slots[real & Mask].Item?.ReadyAt ?? long.MaxValue;
    }

    private bool TryMoveHalf(ulong head, WorkItem item, Injector overflow)
    {
        const uint half = Capacity / 2;
        var real = Real(head);
        if (Interlocked.CompareExchange(ref _indices.Head, Pack(real + half, real + half), head) != head)
        {
            return false;
        }

        // The claimed slots are the owner's alone now: link them into one batch.
        WorkItem? first = null;
        WorkItem? last = null;
        for (uint i = 0; i < half; i++)
        {
            ref var slot = ref _slots[(real + i) & Mask];
            var moved = slot.Item!;
            slot.Item = null;
            if (last is null)
            {
                first = moved;
            }
            else
            {
                last.Next = moved;
            }

            last = moved;
        }

        last!.Next = item;
        overflow.PushBatch(first!, item, (int)half + 1);
        return true;
    }

    private static uint Real(ulong head) => (uint)head;

    private static uint Steal(ulong head) => (uint)(head >> 32);

    private static ulong Pack(uint steal, uint real) => ((ulong)steal << 32) | real;

    private struct Slot
    {
        public WorkItem? Item;
    }

    // 128 bytes between and around: two lines, because the prefetcher of x64 fetches lines in pairs.
    [StructLayout(LayoutKind.Explicit, Size = 384)]
    private struct Indices
    {
        [FieldOffset(128)]
        public ulong Head;

        [FieldOffset(256)]
        public uint Tail;
    }

    /// <summary>What other workers may do with a queue: take half of it.</summary>
    internal readonly struct Stealer(LocalQueue victim)
    {
        public bool IsEmpty => victim.Count <= 0;

        /// <summary>When the item at the head became ready, or <see cref="long.MaxValue"/>. A hint: the item may be gone, or in use elsewhere, by now.</summary>
        public long OldestReadyAt => IsEmpty ? long.MaxValue : victim._slots[Real(Volatile.Read(ref victim._indices.Head)) & Mask].Item?.ReadyAt ?? long.MaxValue;

        /// <summary>Moves half of the victim's items, rounded up, to the thief's own queue. Called by the owner of <paramref name="thief"/>.</summary>
        /// <param name="thief">The queue to fill; at most half full, or nothing is taken.</param>
        /// <param name="first">The oldest item taken; it is returned, not queued.</param>
        /// <param name="taken">How many items were taken, <paramref name="first"/> included.</param>
        public StealResult StealInto(LocalQueue thief, out WorkItem? first, out int taken)
        {
            first = null;
            taken = 0;
            var tailOfThief = thief._indices.Tail; // the caller owns it
            if (tailOfThief - Steal(Volatile.Read(ref thief._indices.Head)) > Capacity / 2)
            {
                return StealResult.Empty;
            }

            var head = Volatile.Read(ref victim._indices.Head);
            var tail = Volatile.Read(ref victim._indices.Tail); // acquire; pairs with the release in Push
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
            if (Interlocked.CompareExchange(ref victim._indices.Head, Pack(real, real + count), head) != head)
            {
                return StealResult.Retry;
            }

            first = Take(real);
            for (uint i = 1; i < count; i++)
            {
                thief._slots[(tailOfThief + i - 1) & Mask].Item = Take(real + i);
            }

            Volatile.Write(ref thief._indices.Tail, tailOfThief + count - 1); // publishes them to other thieves
            Release();
            taken = (int)count;
            return StealResult.Success;
        }

        private WorkItem Take(uint index)
        {
            ref var slot = ref victim._slots[index & Mask];
            var item = slot.Item;
            Debug.Assert(item is not null, "A claimed slot holds an item.");
            slot.Item = null;
            return item;
        }

        // The second CAS of a steal: the owner may have moved real meanwhile, steal catches up with wherever it is.
        private void Release()
        {
            var head = Volatile.Read(ref victim._indices.Head);
            while (true)
            {
                var seen = Interlocked.CompareExchange(ref victim._indices.Head, Pack(Real(head), Real(head)), head);
                if (seen == head)
                {
                    return;
                }

                head = seen;
            }
        }
    }
}
