namespace Runtime.Core.Timing;

/// <summary>The armed timers of a <see cref="VirtualClock"/>: the earliest first, and of those due together the one that was created first.</summary>
/// <remarks>
/// A binary heap whose entries know their place, so that removal is O(log n) and leaves nothing behind. Not the wheel: the wheel keeps no order
/// within a tick, and order is what a virtual clock is for. Not thread safe; the clock's lock guards it.
/// </remarks>
internal sealed class VirtualTimerHeap
{
    private VirtualTimer[] _heap = new VirtualTimer[16];

    public int Count { get; private set; }

    public VirtualTimer? First => Count == 0 ? null : _heap[0];

    public void Insert(VirtualTimer timer)
    {
        if (Count == _heap.Length)
        {
            Array.Resize(ref _heap, 2 * Count);
        }

        SiftUp(timer, Count++);
    }

    /// <summary>Takes a timer out. Does nothing when it is not in.</summary>
    public void Remove(VirtualTimer timer)
    {
        var place = timer.HeapIndex;
        if (place < 0)
        {
            return;
        }

        timer.HeapIndex = -1;
        var last = _heap[--Count];
        _heap[Count] = null!;
        if (last == timer)
        {
            return;
        }

        // The last one takes the free place; it may belong further up or further down.
        SiftUp(last, place);
        SiftDown(last, last.HeapIndex);
    }

    private void SiftUp(VirtualTimer timer, int place)
    {
        while (place > 0)
        {
            var parent = (place - 1) / 2;
            if (!IsBefore(timer, _heap[parent]))
            {
                break;
            }

            Put(_heap[parent], place);
            place = parent;
        }

        Put(timer, place);
    }

    private void SiftDown(VirtualTimer timer, int place)
    {
        while (true)
        {
            var child = (2 * place) + 1;
            if (child >= Count)
            {
                break;
            }

            if (child + 1 < Count && IsBefore(_heap[child + 1], _heap[child]))
            {
                child++;
            }

            if (!IsBefore(_heap[child], timer))
            {
                break;
            }

            Put(_heap[child], place);
            place = child;
        }

        Put(timer, place);
    }

    private void Put(VirtualTimer timer, int place)
    {
        _heap[place] = timer;
        timer.HeapIndex = place;
    }

    private static bool IsBefore(VirtualTimer one, VirtualTimer other) => one.Due < other.Due || (one.Due == other.Due && one.Id < other.Id);
}
