namespace Runtime.Hosting.Queues;

/// <summary>Whose continuations a context carries: the item that awaited under it, or the one that a pump is running under it.</summary>
/// <remarks>Written by the pump before it runs the item; not any more once an item has awaited under the context.</remarks>
internal sealed class WorkOwner
{
    private WorkHandle? _entry;

    public WorkHandle? Entry
    {
        get => Volatile.Read(ref _entry);
        set => Volatile.Write(ref _entry, value);
    }
}
