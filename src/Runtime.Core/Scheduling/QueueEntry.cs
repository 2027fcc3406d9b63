using System.Runtime.InteropServices;

namespace Runtime.Core.Scheduling;

/// <summary>What the queues hold: something to run, and when it became ready.</summary>
/// <remarks>
/// The item is a <see cref="WorkItem"/> or the <see cref="Action"/> by which an await goes on: the awaiter has made that object already, so
/// queueing a continuation needs none of ours. The stamp travels in the queue and not in the item, so that looking at the age of a queue's
/// head touches no object that another processor is writing.
/// </remarks>
[StructLayout(LayoutKind.Auto)]
internal readonly struct QueueEntry(object item, ReadyStamp ready)
{
    public object Item { get; } = item;

    public ReadyStamp Ready { get; } = ready;
}
