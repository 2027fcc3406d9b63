using System.Diagnostics;

namespace Runtime.Core.Scheduling;

/// <summary>The waiting items of one priority: those without a deadline in arrival order, those with one both in arrival order and in a heap by deadline.</summary>
/// <remarks>Not thread safe; <see cref="LaneSet"/> says who may call. Adding and removing allocate nothing but the heap's growth.</remarks>
internal sealed class Lane
{
    /// <summary>Items without a deadline, oldest first.</summary>
    public ArrivalList Plain;

    /// <summary>Items with a deadline, oldest first; the same items as in <see cref="Dated"/>.</summary>
    public ArrivalList DatedByArrival;

    /// <summary>Items with a deadline, earliest first.</summary>
    public readonly DeadlineHeap Dated = new();

    public int Count => Plain.Count + DatedByArrival.Count;

    /// <summary>Adds an item behind every one of a smaller sequence number; at the tail unless it is being restored.</summary>
    public void Insert(LaneNode item)
    {
        if (item.DeadlineTicks == long.MaxValue)
        {
            Plain.Insert(item);
        }
        else
        {
            DatedByArrival.Insert(item);
            Dated.Add(item);
        }
    }

    public void Remove(LaneNode item)
    {
        if (item.DeadlineTicks == long.MaxValue)
        {
            Plain.Remove(item);
        }
        else
        {
            DatedByArrival.Remove(item);
            Dated.Remove(item);
        }
    }

    /// <summary>The item that has waited longest, whatever its deadline.</summary>
    public LaneNode? Oldest
    {
        get
        {
            var plain = Plain.Head;
            var dated = DatedByArrival.Head;
            return plain is null ? dated
                : dated is null || plain.Sequence < dated.Sequence ? plain
                : dated;
        }
    }

    /// <summary>The item that would be taken last: the newest without a deadline, or else the one whose deadline is latest.</summary>
    public LaneNode? Last => Plain.Tail ?? Dated.Latest();
}

/// <summary>An intrusive doubly linked list ordered by <see cref="LaneNode.Sequence"/>, linked through <see cref="LaneNode.Next"/> and <see cref="LaneNode.Previous"/>.</summary>
internal struct ArrivalList
{
    public LaneNode? Head { get; private set; }

    public LaneNode? Tail { get; private set; }

    public int Count { get; private set; }

    public void Insert(LaneNode item)
    {
        // New items have the greatest sequence: the loop body runs only for a restored one, which is among the oldest, so it is sought from the head.
        if (Tail is null || Tail.Sequence < item.Sequence)
        {
            LinkBetween(Tail, item, next: null);
            return;
        }

        var next = Head!;
        while (next.Sequence < item.Sequence)
        {
            next = next.Next!;
        }

        LinkBetween(next.Previous, item, next);
    }

    public void Remove(LaneNode item)
    {
        Debug.Assert(Count > 0, "The item is in no list.");
        if (item.Previous is null)
        {
            Head = item.Next;
        }
        else
        {
            item.Previous.Next = item.Next;
        }

        if (item.Next is null)
        {
            Tail = item.Previous;
        }
        else
        {
            item.Next.Previous = item.Previous;
        }

        item.Next = null;
        item.Previous = null;
        Count--;
    }

    private void LinkBetween(LaneNode? previous, LaneNode item, LaneNode? next)
    {
        item.Previous = previous;
        item.Next = next;
        if (previous is null)
        {
            Head = item;
        }
        else
        {
            previous.Next = item;
        }

        if (next is null)
        {
            Tail = item;
        }
        else
        {
            next.Previous = item;
        }

        Count++;
    }
}
