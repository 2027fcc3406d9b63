using System.Diagnostics;

namespace Runtime.Hosting.Queues;

/// <summary>Items in the order of their sequence numbers, in a ring: 8 bytes an item, side by side, where a linked list would jump through memory.</summary>
/// <remarks>
/// Not thread safe. An item that is taken out of the middle leaves its slot behind; whether a slot is still good shows by the item's
/// <see cref="WorkHandle.Place"/>, which is that of this deque only while the item is in it. Slots that are not good are skipped at the ends, and
/// swept out when they are more than half; so all operations are O(1), amortised.
/// </remarks>
internal struct WorkDeque(WorkPlace place)
{
    private const int LeastSlots = 16;

    private readonly WorkPlace _place = place;

    // A power of two long; the slots from _head on, _used of them, hold items, good and not. Shrinks only in Sweep.
    private Slot[] _slots = [];
    private int _head;
    private int _used;

    /// <summary>How many items are in the deque.</summary>
    public int Count { get; private set; }

    /// <summary>The item of the smallest sequence number.</summary>
    public WorkHandle? First
    {
        get
        {
            while (_used > 0)
            {
                var item = _slots[_head].Item!;
                if (item.Place == _place)
                {
                    return item;
                }

                PopFirstSlot();
            }

            return null;
        }
    }

    /// <summary>The item of the greatest sequence number.</summary>
    public WorkHandle? Last
    {
        get
        {
            while (_used > 0)
            {
                var item = _slots[(_head + _used - 1) & (_slots.Length - 1)].Item!;
                if (item.Place == _place)
                {
                    return item;
                }

                _slots[(_head + --_used) & (_slots.Length - 1)].Item = null;
            }

            return null;
        }
    }

    /// <summary>Adds an item, whose place is set already: at the end, or where its sequence number belongs, sought from the front.</summary>
    public void Insert(WorkHandle item)
    {
        if (_used == _slots.Length)
        {
            Sweep(_used + 1);
        }

        var mask = _slots.Length - 1;
        Count++;
        if (_used == 0 || _slots[(_head + _used - 1) & mask].Item!.Sequence < item.Sequence)
        {
            _slots[(_head + _used++) & mask].Item = item;
            return;
        }

        // An item that has been here before: it is among the oldest, so those before it move up by one.
        _head = (_head - 1) & mask;
        _used++;
        var slot = _head;
        for (; _slots[(slot + 1) & mask].Item!.Sequence < item.Sequence; slot = (slot + 1) & mask)
        {
            _slots[slot] = _slots[(slot + 1) & mask];
        }

        _slots[slot].Item = item;
    }

    /// <summary>Notes that an item has gone; its place has been changed already.</summary>
    public void OnRemoved(WorkHandle item)
    {
        Debug.Assert(item.Place != _place, "The place of an item that has gone is another.");
        Count--;
        if (_slots[_head].Item == item)
        {
            PopFirstSlot();
        }
        else if (_used > LeastSlots && Count < _used / 2)
        {
            Sweep(Count);
        }
    }

    /// <summary>Adds all items to a list, in order.</summary>
    public readonly void CopyTo(List<WorkHandle> items)
    {
        for (var i = 0; i < _used; i++)
        {
            var item = _slots[(_head + i) & (_slots.Length - 1)].Item!;
            if (item.Place == _place)
            {
                items.Add(item);
            }
        }
    }

    private void PopFirstSlot()
    {
        _slots[_head].Item = null;
        _head = (_head + 1) & (_slots.Length - 1);
        _used--;
    }

    // Moves the good slots into a ring that has room for so many and as many again.
    private void Sweep(int room)
    {
        var slots = new Slot[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(LeastSlots, room))];
        if (slots.Length < room * 3L / 2)
        {
            Array.Resize(ref slots, slots.Length * 2);
        }

        var used = 0;
        for (var i = 0; i < _used; i++)
        {
            var item = _slots[(_head + i) & (_slots.Length - 1)].Item!;
            if (item.Place == _place)
            {
                slots[used++].Item = item;
            }
        }

        (_slots, _head, _used) = (slots, 0, used);
    }

    // A struct around the reference: an array of a class that is not sealed checks the type of all that is put in.
    private struct Slot
    {
        public WorkHandle? Item;
    }
}
