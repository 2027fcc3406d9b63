namespace Runtime.Hosting.Queues;

/// <summary>Items with a deadline in a binary min-heap: the earliest first, among equals the oldest. Each knows its place, so any of them can be removed.</summary>
/// <remarks>Not thread safe. Adding and removing are O(log n).</remarks>
internal sealed class WorkHeap
{
    private WorkHandle[] _items = new WorkHandle[16];

    public int Count { get; private set; }

    public WorkHandle? Earliest => Count == 0 ? null : _items[0];

    public void Add(WorkHandle item)
    {
        if (Count == _items.Length)
        {
            Array.Resize(ref _items, Count * 2);
        }

        SiftUp(item, Count++);
    }

    public void Remove(WorkHandle item)
    {
        var hole = item.Extras!.HeapIndex;
        var last = _items[--Count];
        _items[Count] = null!;
        if (hole == Count)
        {
            return;
        }

        if (hole > 0 && Precedes(last, _items[(hole - 1) / 2]))
        {
            SiftUp(last, hole);
        }
        else
        {
            SiftDown(last, hole);
        }
    }

    /// <summary>The item with the latest deadline. O(n): only the full mode that drops the last item asks, and only when no item without a deadline waits.</summary>
    public WorkHandle? Latest()
    {
        var latest = Earliest;
        for (var i = 1; i < Count; i++)
        {
            if (Precedes(latest!, _items[i]))
            {
                latest = _items[i];
            }
        }

        return latest;
    }

    private static bool Precedes(WorkHandle one, WorkHandle other) =>
        one.DeadlineTicks != other.DeadlineTicks ? one.DeadlineTicks < other.DeadlineTicks : one.Sequence < other.Sequence;

    private void SiftUp(WorkHandle item, int index)
    {
        while (index > 0 && _items[(index - 1) / 2] is var above && Precedes(item, above))
        {
            Place(above, index);
            index = (index - 1) / 2;
        }

        Place(item, index);
    }

    private void SiftDown(WorkHandle item, int index)
    {
        while ((index * 2) + 1 is var child && child < Count)
        {
            if (child + 1 < Count && Precedes(_items[child + 1], _items[child]))
            {
                child++;
            }

            if (!Precedes(_items[child], item))
            {
                break;
            }

            Place(_items[child], index);
            index = child;
        }

        Place(item, index);
    }

    private void Place(WorkHandle item, int index)
    {
        _items[index] = item;
        item.Extras!.HeapIndex = index;
    }
}
