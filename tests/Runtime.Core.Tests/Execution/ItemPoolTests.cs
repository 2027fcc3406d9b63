using Runtime.Core.Execution;
using Runtime.Core.Memory;

namespace Runtime.Core.Tests.Execution;

public sealed class ItemPoolTests
{
    // More than a thread keeps for itself.
    private const int Many = 10_000;

    private readonly ItemPool _pool = new();
    private readonly List<Item> _taken = [];

    // What a thread keeps belongs to no pool: another test may have left some here.
    public ItemPoolTests() => Drain();

    [Fact]
    public void Take_WhatWasReturned_GivesItAgain()
    {
        var first = Fill();

        Drain().ShouldBe(first.Count, "none of them had to be made");
    }

    [Fact]
    public void OnCollection_LetsGoOfHalfOfWhatNobodyHasNeeded()
    {
        Fill();

        Collect(); // what was there has not been unused for a whole round yet
        Drain().ShouldBe(Many);
        Fill();
        Collect();
        Collect();

        Drain().ShouldBeInRange(Many / 2, (Many / 2) + 128, "half, and what this thread keeps");
    }

    [Fact]
    public void OnCollection_WhatIsNeededAgainAndAgain_Stays()
    {
        Fill();
        for (var round = 0; round < 5; round++)
        {
            Collect();
            Drain().ShouldBe(Many);
            Refill();
        }
    }

    private void Collect() => ((ICollectionListener)_pool).OnCollection().ShouldBeTrue();

    private List<Item> Fill()
    {
        _taken.Clear();
        for (var i = 0; i < Many; i++)
        {
            _taken.Add(new Item { IsKnown = true });
        }

        var all = _taken.ToList();
        Refill();
        return all;
    }

    private void Refill()
    {
        foreach (var item in _taken)
        {
            _pool.Return(item);
        }

        _taken.Clear();
    }

    // Takes until one has to be made.
    private int Drain()
    {
        _taken.Clear();
        while (_pool.Take<Item>() is { IsKnown: true } item)
        {
            _taken.Add(item);
        }

        return _taken.Count;
    }

    private sealed class Item : PooledItem
    {
        public bool IsKnown { get; init; }

        protected override void Execute()
        {
        }
    }
}
