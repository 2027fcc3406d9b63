using Runtime.Core.Scheduling;

namespace Runtime.Core.Tests.Scheduling;

/// <summary>The lanes, against a list that is searched from end to end, and with many threads.</summary>
public sealed class SharedLanesTests
{
    private const long Threshold = 50;

    private readonly List<TestItem> _handedOn = [];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void TryTake_RandomHistory_TakesWhatTheDesignSays(int seed)
    {
        var random = new Random(seed);
        var lanes = Lanes();
        var waiting = new List<Waiting>();
        var now = 1_000L;
        for (var step = 0; step < 20_000; step++)
        {
            now += random.Next(1, 4); // no two items of one time: arrival is the last rule
            if (random.Next(100) < 52)
            {
                var item = new Waiting(new TestItem(step), (TaskPriority)random.Next(LaneSet.Levels), random.Next(4) == 0 ? random.Next(1_000) : long.MaxValue, now);
                if (item.Deadline == long.MaxValue && item.Priority == TaskPriority.Normal)
                {
                    continue; // plain work is never in a lane
                }

                waiting.Add(item);
                lanes.Add(new QueueEntry(item.Item, ReadyStamp.FromRaw(now)), item.Priority, item.Deadline);
                continue;
            }

            var plain = random.Next(3) == 0 ? now - random.Next(200) : long.MaxValue;
            var taken = lanes.TryTake(new SharedLanes.Limits(now, Threshold, plain, int.MaxValue), out var entry) ? entry.Item : null;
            var expected = Best(waiting, now, plain);
            taken.ShouldBe(expected?.Item, $"seed {seed}, step {step}");
            waiting.RemoveAll(item => item.Item == taken);
            lanes.Count.ShouldBe(waiting.Count);
        }

        lanes.Boosts.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void TryTake_LessUrgentThanAccepted_LeavesIt()
    {
        var lanes = Lanes();
        lanes.Add(QueueExtensions.Entry(new TestItem(1)), TaskPriority.Low, long.MaxValue);

        lanes.TryTake(new SharedLanes.Limits(0, Threshold, long.MaxValue, (int)TaskPriority.Normal), out _).ShouldBeFalse();

        lanes.IsEmpty.ShouldBeFalse();
        lanes.TryTake(new SharedLanes.Limits(0, Threshold, long.MaxValue, int.MaxValue), out _).ShouldBeTrue();
    }

    [Fact]
    public void IsEmpty_AllTaken_IsTrueAgainAfterTheNextLook()
    {
        var lanes = Lanes();
        lanes.Add(QueueExtensions.Entry(new TestItem(1)), TaskPriority.High, long.MaxValue);
        lanes.Add(QueueExtensions.Entry(new TestItem(2)), TaskPriority.High, deadlineTicks: 7);

        Take(lanes).ShouldBe(2);
        Take(lanes).ShouldBe(1);
        Take(lanes).ShouldBeNull();

        lanes.IsEmpty.ShouldBeTrue();
        lanes.OldestReadyAt.ShouldBe(long.MaxValue);
    }

    [Fact]
    public void Close_ItemsLeft_HandsThemAndEveryLaterOneOn()
    {
        var lanes = Lanes();
        lanes.Add(QueueExtensions.Entry(new TestItem(1)), TaskPriority.High, long.MaxValue);
        lanes.Add(QueueExtensions.Entry(new TestItem(2)), TaskPriority.Low, deadlineTicks: 7);

        lanes.Close();
        lanes.Add(QueueExtensions.Entry(new TestItem(3)), TaskPriority.High, long.MaxValue);
        lanes.Add(QueueExtensions.Entry(new TestItem(4)), TaskPriority.Critical, long.MaxValue); // a level that nobody had used
        lanes.Add(QueueExtensions.Entry(new TestItem(5)), TaskPriority.Low, deadlineTicks: 7);

        _handedOn.Select(static item => item.Id).ShouldBe([1, 2, 3, 4, 5]);
        Take(lanes).ShouldBeNull();
    }

    [Fact]
    public async Task AddAndTake_ManyThreads_EachOnceAndInOrderOfItsProducer()
    {
        const int producers = 3;
        const int perProducer = 60_000;
        var lanes = Lanes();
        var taken = new int[producers * perProducer];
        var left = taken.Length;
        var adders = Enumerable.Range(0, producers).Select(producer => Task.Run(() =>
        {
            var random = new Random(producer);
            for (var i = 0; i < perProducer; i++)
            {
                // Producer 0 keeps to one level: its items must come in order.
                var priority = producer == 0 ? TaskPriority.High : (TaskPriority)random.Next(LaneSet.Levels);
                var deadline = priority == TaskPriority.Normal || (producer > 0 && random.Next(8) == 0) ? random.Next(100) : long.MaxValue;
                lanes.Add(QueueExtensions.Entry(new TestItem((producer * perProducer) + i)), priority, deadline);
            }
        })).ToArray();
        var takers = Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            var last = -1;
            while (Volatile.Read(ref left) > 0)
            {
                if (Take(lanes) is not { } id)
                {
                    Thread.Yield();
                    continue;
                }

                Interlocked.Increment(ref taken[id]);
                Interlocked.Decrement(ref left);
                if (id < perProducer)
                {
                    id.ShouldBeGreaterThan(last);
                    last = id;
                }
            }
        })).ToArray();

        await Task.WhenAll([.. adders, .. takers]).Guarded();

        taken.ShouldAllBe(static times => times == 1);
        Take(lanes).ShouldBeNull();
        lanes.IsEmpty.ShouldBeTrue();
    }

    private static int? Take(SharedLanes lanes) =>
        lanes.TryTake(new SharedLanes.Limits(0, Threshold, long.MaxValue, int.MaxValue), out var entry) ? ((TestItem)entry.Item).Id : null;

    // The rules of the design, one after another, on everything that can be next: the oldest of each lane with and without a deadline, the earliest deadline.
    private static Waiting? Best(List<Waiting> waiting, long now, long plain)
    {
        var candidates = waiting.GroupBy(static item => (item.Priority, Dated: item.Deadline != long.MaxValue)).SelectMany(static lane => lane.Key.Dated
            ? new[] { lane.MinBy(static item => item.ReadyAt)!, lane.OrderBy(static item => item.Deadline).ThenBy(static item => item.ReadyAt).First() }
            : [lane.MinBy(static item => item.ReadyAt)!]);
        var best = candidates.OrderBy(item => item.Level(now)).ThenBy(static item => item.Deadline).ThenBy(static item => item.ReadyAt).FirstOrDefault();
        if (best is null || plain == long.MaxValue)
        {
            return best;
        }

        var level = LaneSet.EffectiveLevel(TaskPriority.Normal, plain, now, Threshold);
        var plainFirst = level != best.Level(now) ? level < best.Level(now) : best.Deadline == long.MaxValue && plain <= best.ReadyAt;
        return plainFirst ? null : best;
    }

    private SharedLanes Lanes() => new(entry => _handedOn.Add((TestItem)entry.Item));

    private sealed record Waiting(TestItem Item, TaskPriority Priority, long Deadline, long ReadyAt)
    {
        public int Level(long now) => LaneSet.EffectiveLevel(Priority, ReadyAt, now, Threshold);
    }
}
