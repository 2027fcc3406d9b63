using Runtime.Core.Model.Tests.Engine;
using Runtime.Core.Scheduling;

namespace Runtime.Core.Model.Tests.Suites;

/// <summary>Items go in, items come out: each exactly once, and those of one producer, to one taker, in order.</summary>
internal abstract class QueueScenario : Scenario
{
    private readonly List<Item> _made = [];

    // Who took what, in order. Only one thread runs at a time, so it needs no protection.
    private readonly Dictionary<string, List<Item>> _taken = [];

    /// <summary>Whether a taker must see the items of a producer in the order they were made.</summary>
    protected virtual bool IsOrdered => true;

    public sealed override void Check()
    {
        CollectRest();
        var all = _taken.Values.SelectMany(static items => items).ToList();
        var lost = _made.Except(all).ToList();
        Require(lost.Count == 0, $"lost: {string.Join(", ", lost)}");
        var twice = all.GroupBy(static item => item).Where(static group => group.Count() > 1).Select(static group => group.Key).ToList();
        Require(twice.Count == 0, $"taken twice: {string.Join(", ", twice)}");
        if (IsOrdered)
        {
            foreach (var (taker, items) in _taken)
            {
                CheckOrder(taker, items);
            }
        }
    }

    /// <summary>Takes what is left in the queues at the end.</summary>
    protected abstract void CollectRest();

    protected QueueEntry Make(string producer)
    {
        var item = new Item(producer, _made.Count(made => made.Producer == producer) + 1);
        _made.Add(item);
        return item.Entry;
    }

    protected void Take(string taker, QueueEntry entry) => Take(taker, entry.Item);

    protected void Take(string taker, object? item)
    {
        Require(item is Item, $"{taker} took {item ?? "nothing"}");
        var taken = (Item)item!;
        taken.Use();
        if (!_taken.TryGetValue(taker, out var items))
        {
            _taken.Add(taker, items = []);
        }

        items.Add(taken);
    }

    private static void CheckOrder(string taker, List<Item> items)
    {
        foreach (var producer in items.GroupBy(static item => item.Producer))
        {
            var numbers = producer.Select(static item => item.Number).ToList();
            Require(numbers.SequenceEqual(numbers.Order()), $"{taker} took those of {producer.Key} in the order {string.Join(", ", numbers)}");
        }
    }
}
