using System.Buffers;

namespace Runtime.Core.Memory;

/// <summary>A rent that waits.</summary>
internal sealed class BufferWaiter : TaskCompletionSource<IMemoryOwner<byte>>
{
    public BufferWaiter(int size)
        : base(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        Size = size;
        Node = new LinkedListNode<BufferWaiter>(this);
    }

    /// <summary>How many bytes it asked for.</summary>
    public int Size { get; }

    /// <summary>Its place among those that wait.</summary>
    public LinkedListNode<BufferWaiter> Node { get; }
}
