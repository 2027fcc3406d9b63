// LifoSlot: room for one item that its owner runs next. The owner puts and takes; a thief or the monitor may take it away.
//
// Shared words   written by                                   read by
//   _item        owner: null -> item (release store);         all
//                whoever takes: item -> null (exchange)
//   _word        owner, before it puts                        whoever took the item
//
// Invariants: only the owner puts, and only into an empty slot, so a put needs no interlocked operation: nobody else can fill it meanwhile.
//             An item is taken by exactly one successful exchange.
// Protocol:   put    word, then item (release; pairs with the acquire of the exchange in TryTake).
//             take   look first, so that an empty slot costs a load; then exchange for null.
// Races:      two takers: one exchange finds null. A word may belong to an item put after the one taken when the taker is late in reading it;
//             it is read before the exchange therefore, and only the age is wrong if the slot was emptied and filled again in between. So only
//             entries of mode Plain may be put.
// Progress:   whoever puts comes back to its own slot within one item; while it is stuck in that item, the monitor takes the slot's content
//             away after a millisecond or two, if there is another worker for it. So nothing is stranded.
// Rejected:   an unstealable slot (Tokio: a task behind a long poll waits for it, tokio#4941); waking a worker for every put (tokio#8065: a third
//             of the throughput); a biased slot whose owner pays no interlocked take and whose thief pays a process-wide fence: 3 ns less for the
//             owner, a second protocol to prove.
// Sources:    Go's runnext; Tokio's LIFO slot and its issues. Tests: LifoSlotTests, the model suites.
using Runtime.Core.Concurrency;

namespace Runtime.Core.Scheduling;

/// <summary>Room for one item that the owner runs before its queue.</summary>
internal struct LifoSlot
{
    private AtomicReference<object> _item;
    private AtomicInt64 _word;

    public readonly bool IsEmpty => _item.Value is null;

    /// <summary>What is in it, to find out later whether it still is; a hint.</summary>
    public readonly object? Content => _item.Value;

    /// <summary>When the item became ready; a hint, and of no meaning when there is none.</summary>
    public readonly ReadyStamp Ready => QueueEntry.ReadyOf(_word.Value);

    /// <summary>Fills the slot. Owner only; the slot is empty.</summary>
    public void Put(QueueEntry entry)
    {
        _word.Value = entry.Word;
        _item.Value = entry.Item; // release; pairs with the exchange in TryTake
    }

    /// <summary>Empties the slot. Anyone.</summary>
    public bool TryTake(out QueueEntry entry)
    {
        if (_item.Value is not null)
        {
            var word = _word.Value;
            if (_item.Exchange(null) is { } item)
            {
                entry = QueueEntry.FromWord(item, word);
                return true;
            }
        }

        entry = default;
        return false;
    }
}
