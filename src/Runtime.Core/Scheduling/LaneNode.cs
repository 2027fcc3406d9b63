namespace Runtime.Core.Scheduling;

/// <summary>An item that waits in a lane. Only lanes need order, deadlines and removal from the middle, so only there an item pays for them.</summary>
internal sealed class LaneNode
{
    /// <summary>What waits. Set while the node is in a lane.</summary>
    public QueueEntry Entry;

    /// <summary>When the item became ready, in milliseconds.</summary>
    public long ReadyAt;

    /// <summary>The absolute deadline in timestamp ticks, or <see cref="long.MaxValue"/>.</summary>
    public long DeadlineTicks = long.MaxValue;

    public TaskPriority Priority;

    /// <summary>Order among equals.</summary>
    public long Sequence;

    /// <summary>The neighbours in the lane's list of arrivals; <see cref="Next"/> also links the free nodes.</summary>
    public LaneNode? Next;
    public LaneNode? Previous;

    /// <summary>The place in the heap of deadlines; -1: in none.</summary>
    public int HeapIndex = -1;
}
