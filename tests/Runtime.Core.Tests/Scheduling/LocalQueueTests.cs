using Runtime.Core.Scheduling;

namespace Runtime.Core.Tests.Scheduling;

public sealed class LocalQueueTests
{
    private readonly Injector _overflow = new(_ => throw new InvalidOperationException("The injector is open."));

    [Fact]
    public void Pop_AfterPushes_FirstInFirstOut()
    {
        var queue = Filled(10);

        Drain(queue).ShouldBe(Enumerable.Range(0, 10));
    }

    [Fact]
    public void Pop_Empty_ReturnsNull()
    {
        var queue = new LocalQueue();

        queue.Pop().ShouldBeNull();
        queue.Visitor.IsEmpty.ShouldBeTrue();
        queue.OldestReadyAt.ShouldBe(long.MaxValue);
    }

    [Fact]
    public void Push_Full_MovesTheNewerHalfAndTheItemToTheInjector()
    {
        var queue = Filled(LocalQueue.Capacity);

        queue.Push(new TestItem(LocalQueue.Capacity), _overflow).ShouldBeTrue();

        queue.Count.ShouldBe(LocalQueue.Capacity / 2);
        _overflow.Count.ShouldBe((LocalQueue.Capacity / 2) + 1);
        _overflow.Pop()!.Id.ShouldBe(LocalQueue.Capacity / 2);
        Drain(queue).ShouldBe(Enumerable.Range(0, LocalQueue.Capacity / 2));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(7, 4)]
    [InlineData(256, 128)]
    public void StealInto_Victim_GivesTheOlderHalfRoundedUp(int items, int expected)
    {
        var victim = Filled(items);
        var thief = new LocalQueue();

        victim.Visitor.StealInto(thief, out var first, out var taken).ShouldBe(StealResult.Success);

        taken.ShouldBe(expected);
        ((TestItem)first.Item).Id.ShouldBe(0);
        Drain(thief).ShouldBe(Enumerable.Range(1, expected - 1));
        Drain(victim).ShouldBe(Enumerable.Range(expected, items - expected));
    }

    [Fact]
    public void StealInto_EmptyVictim_IsEmpty() =>
        new LocalQueue().Visitor.StealInto(new LocalQueue(), out _, out _).ShouldBe(StealResult.Empty);

    [Fact]
    public void PushAndPop_ManyTimesRound_IndicesWrapWithoutLoss()
    {
        var queue = new LocalQueue();
        for (var i = 0; i < LocalQueue.Capacity * 10; i++)
        {
            queue.Push(new TestItem(i), _overflow);
            queue.Push(new TestItem(i), _overflow);
            queue.Pop()!.ShouldNotBeNull();
            queue.Pop()!.Id.ShouldBe(i);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task OwnerAndThieves_AtOnce_EveryItemIsTakenExactlyOnce(int thieves)
    {
        const int items = 300_000;
        var owner = new LocalQueue();
        var all = Enumerable.Range(0, items).Select(i => new TestItem(i)).ToArray();
        var done = false;
        var seed = Environment.TickCount;

        var stealing = Enumerable.Range(0, thieves).Select(_ => Task.Factory.StartNew(
            () =>
            {
                var mine = new LocalQueue();
                while (!Volatile.Read(ref done) || !owner.Visitor.IsEmpty)
                {
                    if (owner.Visitor.StealInto(mine, out var entry, out var _) == StealResult.Success)
                    {
                        for (var item = (TestItem?)entry.Item; item is not null; item = mine.Pop())
                        {
                            Interlocked.Increment(ref item.Taken);
                        }
                    }
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)).ToArray();

        var random = new Random(seed);
        foreach (var item in all)
        {
            owner.Push(item, _overflow);
            if (random.Next(3) == 0 && owner.Pop() is TestItem popped)
            {
                Interlocked.Increment(ref popped.Taken);
            }
        }

        while (owner.Pop() is TestItem rest)
        {
            Interlocked.Increment(ref rest.Taken);
        }

        Volatile.Write(ref done, true);
        await Task.WhenAll(stealing).Guarded();
        while (_overflow.Pop() is TestItem moved)
        {
            Interlocked.Increment(ref moved.Taken);
        }

        all.ShouldAllBe(item => item.Taken == 1, $"seed {seed}");
    }

    private static List<int> Drain(LocalQueue queue)
    {
        var ids = new List<int>();
        while (queue.Pop() is TestItem item)
        {
            ids.Add(item.Id);
        }

        return ids;
    }

    private LocalQueue Filled(int items)
    {
        var queue = new LocalQueue();
        for (var i = 0; i < items; i++)
        {
            queue.Push(new TestItem(i), _overflow).ShouldBeFalse();
        }

        return queue;
    }
}
