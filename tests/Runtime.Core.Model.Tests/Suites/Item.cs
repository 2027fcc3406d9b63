using Runtime.Core.Concurrency;
using Runtime.Core.Scheduling;

namespace Runtime.Core.Model.Tests.Suites;

/// <summary>What the scenarios queue. Its content is a plain field: whoever takes the item must have been handed it properly.</summary>
internal sealed class Item
{
    private Cell<int> _content;

    public Item(string producer, int number)
    {
        Producer = producer;
        Number = number;
        _content.Value = number;
    }

    public string Producer { get; }

    /// <summary>Its place among the items of the producer.</summary>
    public int Number { get; }

    public QueueEntry Entry => new(this, ReadyStamp.FromRaw(Number));

    /// <summary>Reads the content and replaces it, as running the item would.</summary>
    public void Use() => _content.Value++;

    public override string ToString() => $"{Producer}{Number}";
}
