using Runtime.Core.Scheduling;

namespace Runtime.Core.Tests.Scheduling;

public sealed class InjectorTests
{
    private readonly List<object> _handedOn = [];

    [Fact]
    public void Pop_AfterPushes_FirstInFirstOut()
    {
        var injector = Filled(3);

        Ids(injector).ShouldBe([0, 1, 2]);
        injector.IsEmpty.ShouldBeTrue();
        injector.OldestReadyAt.ShouldBe(long.MaxValue);
    }

    [Fact]
    public void Take_RoomForSome_TakesTheOldestAndLeavesTheRest()
    {
        var injector = Filled(10);
        var taken = new QueueEntry[4];

        injector.Take(taken).ShouldBe(4);

        taken.Select(static entry => ((TestItem)entry.Item).Id).ShouldBe([0, 1, 2, 3]);
        injector.Count.ShouldBe(6);
        injector.Pop()!.Id.ShouldBe(4);
    }

    [Fact]
    public void Push_MoreThanTheRingHolds_SpillsAndKeepsTheOrder()
    {
        const int items = (2 * InjectorRing.Capacity) + 100;
        var injector = Filled(items);

        injector.Count.ShouldBe(items);
        Ids(injector).ShouldBe(Enumerable.Range(0, items));
        injector.Count.ShouldBe(0);
    }

    [Fact]
    public void PushMany_BatchPastTheEndOfTheRing_KeepsTheOrder()
    {
        var injector = Filled(InjectorRing.Capacity - 2);

        injector.PushMany([.. Enumerable.Range(InjectorRing.Capacity - 2, 5).Select(static id => QueueExtensions.Entry(new TestItem(id)))]);
        injector.Push(new TestItem(InjectorRing.Capacity + 3));

        Ids(injector).ShouldBe(Enumerable.Range(0, InjectorRing.Capacity + 4));
    }

    [Fact]
    public async Task PushAndClose_AtOnce_EveryItemIsHandedOnOrTakenOnce()
    {
        for (var round = 0; round < 200; round++)
        {
            const int items = 300;
            var handedOn = new System.Collections.Concurrent.ConcurrentBag<object>();
            var injector = new Injector(entry => handedOn.Add(entry.Item));
            var producers = Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
            {
                for (var i = 0; i < items; i++)
                {
                    injector.Push(new TestItem(i));
                }
            })).ToArray();

            injector.Close();
            await Task.WhenAll(producers).Guarded();

            handedOn.Count.ShouldBe(2 * items);
            injector.IsEmpty.ShouldBeTrue();
        }
    }

    [Fact]
    public void Close_ItemsLeft_HandsThemAndEveryLaterOneOnInOrder()
    {
        var injector = Filled(2);

        injector.Close();
        injector.Push(new TestItem(2));

        _handedOn.Cast<TestItem>().Select(item => item.Id).ShouldBe([0, 1, 2]);
        injector.Pop().ShouldBeNull();
    }

    [Fact]
    public async Task PushAndPop_ManyThreads_KeepsTheOrderOfEachProducer()
    {
        const int perProducer = 200_000;
        var injector = Filled(0);
        var producers = Enumerable.Range(0, 3).Select(producer => Task.Run(() =>
        {
            for (var i = 0; i < perProducer; i++)
            {
                injector.Push(new TestItem((producer * perProducer) + i));
            }
        })).ToArray();

        var last = new int[] { -1, -1, -1 };
        for (var seen = 0; seen < 3 * perProducer;)
        {
            if (injector.Pop() is TestItem item)
            {
                var producer = item.Id / perProducer;
                (item.Id % perProducer).ShouldBe(last[producer] + 1);
                last[producer]++;
                seen++;
            }
        }

        await Task.WhenAll(producers).Guarded();
    }

    private static List<int> Ids(Injector injector)
    {
        var ids = new List<int>();
        while (injector.Pop() is TestItem item)
        {
            ids.Add(item.Id);
        }

        return ids;
    }

    private Injector Filled(int items)
    {
        var injector = new Injector(entry => _handedOn.Add(entry.Item));
        for (var i = 0; i < items; i++)
        {
            injector.Push(new TestItem(i));
        }

        return injector;
    }
}
