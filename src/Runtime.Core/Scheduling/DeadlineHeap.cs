namespace Runtime.Core.Scheduling;

/// <summary>A four-ary min-heap by deadline, then by arrival; each item knows its place, so any of them can be removed.</summary>
/// <remarks>Not thread safe. Add and remove are O(log n). Four children a node: fewer cache lines per level than two (LaMarca and Ladner 1996).</remarks>
internal sealed class DeadlineHeap
{
    private const int Arity = 4;

    // The heap; a struct element avoids the covariance check of a reference array store.
    private Entry[] _entries = new Entry[16];

    public int Count { get; private set; }

    public LaneNode? Earliest => Count == 0 ? null : _entries[0].Item;

    public void Add(LaneNode item)
    {
        if (Count == _entries.Length)
        {
            Array.Resize(ref _entries, Count * 2);
        }

        Count++;
        SiftUp(item, Count - 1);
    }

    public void Remove(LaneNode item)
    {
        var hole = item.HeapIndex;
        Count--;
        var last = _entries[Count].Item;
        _entries[Count] = default;
        item.HeapIndex = -1;
        if (hole == Count)
        {
            return;
        }

        if (hole > 0 && Precedes(last, _entries[(hole - 1) / Arity].Item))
        {
            SiftUp(last, hole);
        }
        else
        {
            SiftDown(last, hole);
        }
    }

    /// <summary>The item with the latest deadline. O(n): only the full mode that drops the last item asks, and only when no item without a deadline waits.</summary>
    public LaneNode? Latest()
    {
        var latest = Earliest;
        for (var i = 1; i < Count; i++)
        {
            if (Precedes(latest!, _entries[i].Item))
            {
                latest = _entries[i].Item;
            }
        }

        return latest;
    }

    private static bool Precedes(LaneNode left, LaneNode right) =>
        left.DeadlineTicks != right.DeadlineTicks ? left.DeadlineTicks < right.DeadlineTicks : left.Sequence < right.Sequence;

    private void SiftUp(LaneNode item, int index)
    {
        while (index > 0)
        {
            var parent = (index - 1) / Arity;
            var above = _entries[parent].Item;
            if (!Precedes(item, above))
            {
                break;
            }

            Place(above, index);
            index = parent;
        }

        Place(item, index);
    }

    private void SiftDown(LaneNode item, int index)
    {
        while (true)
        {
            var first = (index * Arity) + 1;
            if (first >= Count)
            {
                break;
            }

            var best = first;
            for (var child = first + 1; child < Math.Min(first + Arity, Count); child++)
            {
                if (Precedes(_entries[child].Item, _entries[best].Item))
                {
                    best = child;
                }
            }

            var below = _entries[best].Item;
            if (!Precedes(below, item))
            {
                break;
            }

            Place(below, index);
            index = best;
        }

        Place(item, index);
    }

    private void Place(LaneNode item, int index)
    {
        _entries[index].Item = item;
        item.HeapIndex = index;
    }

    private struct Entry
    {
        public LaneNode Item;
    }
}
