namespace Runtime.Hosting.Queues;

/// <summary>The waiting items of one share key in one lane, first in, first out.</summary>
/// <remarks>Not thread safe: part of <see cref="WorkShares"/>.</remarks>
internal sealed class ShareFlow(WorkPlace place)
{
    private WorkDeque _items = new(place);

    /// <summary>Whose items they are.</summary>
    public string Key { get; set; } = "";

    /// <summary>How many turns the key has for one of a key of weight 1.</summary>
    public double Weight { get; set; }

    /// <summary>The virtual time at which its first item is to have been taken.</summary>
    public double Finish { get; set; }

    /// <summary>The place in the heap of flows.</summary>
    public int HeapIndex { get; set; }

    /// <summary>The sequence number of the first item, by which the heap orders flows whose time is the same.</summary>
    public long FirstSequence { get; private set; }

    public int Count => _items.Count;

    /// <summary>The item that is its next; there is one.</summary>
    public WorkHandle First => _items.First!;

    public void Insert(WorkHandle item)
    {
        _items.Insert(item);
        FirstSequence = First.Sequence;
    }

    /// <summary>Notes that an item has gone; its place has been changed already.</summary>
    public void OnRemoved(WorkHandle item)
    {
        _items.OnRemoved(item);
        FirstSequence = _items.First?.Sequence ?? 0;
    }

    public bool Precedes(ShareFlow other) => Finish != other.Finish ? Finish < other.Finish : FirstSequence < other.FirstSequence;
}
