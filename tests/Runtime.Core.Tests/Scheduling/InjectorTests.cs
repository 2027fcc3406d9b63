using Runtime.Core.Scheduling;

namespace Runtime.Core.Tests.Scheduling;

public sealed class InjectorTests
{
    private readonly List<WorkItem> _handedOn = [];

    [Fact]
    public void Pop_AfterPushes_FirstInFirstOut()
    {
        var injector = Filled(3);

        Ids(injector).ShouldBe([0, 1, 2]);
        injector.IsEmpty.ShouldBeTrue();
        injector.OldestReadyAt.ShouldBe(long.MaxValue);
    }

    [Fact]
    public void PopBatch_Share_ReturnsTheFirstAndQueuesTheNext()
    {
        var injector = Filled(10);
        var local = new LocalQueue();

        ((TestItem)injector.PopBatch(local, more: 3)!).Id.ShouldBe(0);

        local.Count.ShouldBe(3);
        injector.Count.ShouldBe(6);
        ((TestItem)local.Pop()!).Id.ShouldBe(1);
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
        const int perProducer = 20_000;
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
        var injector = new Injector(_handedOn.Add);
        for (var i = 0; i < items; i++)
        {
            injector.Push(new TestItem(i));
        }

        return injector;
    }
}
