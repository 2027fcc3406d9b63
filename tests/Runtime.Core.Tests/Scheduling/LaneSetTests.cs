using Runtime.Core.Scheduling;

namespace Runtime.Core.Tests.Scheduling;

public sealed class LaneSetTests
{
    private const long Threshold = 100;

    private readonly LaneSet _lanes = new();

    [Fact]
    public void TryTake_Empty_ReturnsFalse()
    {
        _lanes.TryTake(0, Threshold, out _, out _).ShouldBeFalse();
        _lanes.OldestReadyAt.ShouldBe(long.MaxValue);
        _lanes.Last.ShouldBeNull();
    }

    [Fact]
    public void TryTake_DifferentPriorities_MostUrgentFirst()
    {
        var background = Add(TaskPriority.Background);
        var normal = Add(TaskPriority.Normal);
        var critical = Add(TaskPriority.Critical);
        var low = Add(TaskPriority.Low);
        var high = Add(TaskPriority.High);

        TakeAll(now: 0).ShouldBe([critical, high, normal, low, background]);
    }

    [Fact]
    public void TryTake_SamePriority_EarliestDeadlineThenNoneThenArrival()
    {
        var first = Add(TaskPriority.Normal);
        var late = Add(TaskPriority.Normal, deadline: 900);
        var second = Add(TaskPriority.Normal);
        var early = Add(TaskPriority.Normal, deadline: 300);
        var sameAsEarly = Add(TaskPriority.Normal, deadline: 300);

        TakeAll(now: 0).ShouldBe([early, sameAsEarly, late, first, second]);
    }

    [Theory]
    [InlineData(99, false)]
    [InlineData(100, true)]
    public void TryTake_LowWaitsForTheThreshold_CountsAsNormalAndIsOlder(long now, bool boosted)
    {
        var low = Add(TaskPriority.Low, readyAt: 0);
        var normal = Add(TaskPriority.Normal, readyAt: now);

        _lanes.TryTake(now, Threshold, out var first, out var wasBoosted).ShouldBeTrue();

        first.ShouldBe(boosted ? low : normal);
        wasBoosted.ShouldBe(boosted);
    }

    [Fact]
    public void TryTake_BackgroundWaitsFourThresholds_GoesBeforeCriticalThatCameLater()
    {
        var background = Add(TaskPriority.Background, readyAt: 0);
        var critical = Add(TaskPriority.Critical, readyAt: 400);

        TakeAll(now: 400).ShouldBe([background, critical]);
    }

    [Fact]
    public void TryTake_LateDeadlineStarvedByEarlierOnes_IsBoostedPastThem()
    {
        var starved = Add(TaskPriority.Normal, deadline: 1_000_000, readyAt: 0);
        var fresh = Add(TaskPriority.Normal, deadline: 500, readyAt: 100);

        TakeAll(now: 100).ShouldBe([starved, fresh]);
    }

    [Fact]
    public void Last_MixedItems_IsTheOneThatWouldBeTakenLast()
    {
        Add(TaskPriority.Normal);
        Add(TaskPriority.Low, deadline: 900);
        var latest = Add(TaskPriority.Low, deadline: 950);
        Add(TaskPriority.Low, deadline: 100);
        _lanes.Last.ShouldBe(latest);

        Add(TaskPriority.Low);
        var newest = Add(TaskPriority.Low);
        _lanes.Last.ShouldBe(newest);
    }

    [Fact]
    public void Restore_TakenItem_KeepsItsPlace()
    {
        var first = Add(TaskPriority.Normal);
        var second = Add(TaskPriority.Normal);
        var third = Add(TaskPriority.Normal);
        _lanes.Remove(first);
        _lanes.Remove(second);

        _lanes.Restore(second);
        _lanes.Restore(first);

        TakeAll(now: 0).ShouldBe([first, second, third]);
    }

    [Fact]
    public void AnySequenceOfOperations_ComparedWithASortedList_TakesTheSame()
    {
        var seed = Environment.TickCount;
        for (var round = 0; round < 300; round++)
        {
            Compare(seed + round);
        }
    }

    // The reference: every item with its effective level; among boosted items of one lane the oldest goes first, as documented.
    private static void Compare(int seed)
    {
        var random = new Random(seed);
        var lanes = new LaneSet();
        var model = new List<LaneNode>();
        long now = 0;
        for (var step = 0; step < 400; step++)
        {
            now += random.Next(0, 40);
            switch (random.Next(5))
            {
                case 0 or 1 or 2:
                    var item = new LaneNode { Priority = (TaskPriority)random.Next(5), ReadyAt = now };
                    item.DeadlineTicks = random.Next(2) == 0 ? long.MaxValue : now + random.Next(1000);
                    lanes.Add(item);
                    model.Add(item);
                    break;
                case 3 when model.Count > 0:
                    var removed = model[random.Next(model.Count)];
                    lanes.Remove(removed);
                    model.Remove(removed);
                    break;
                default:
                    var expected = Best(model, now);
                    lanes.TryTake(now, Threshold, out var taken, out _).ShouldBe(expected is not null, $"seed {seed}, step {step}");
                    taken.ShouldBe(expected, $"seed {seed}, step {step}");
                    model.Remove(expected!);
                    break;
            }

            lanes.Count.ShouldBe(model.Count, $"seed {seed}, step {step}");
            lanes.OldestReadyAt.ShouldBe(model.Count == 0 ? long.MaxValue : model.Min(i => i.ReadyAt), $"seed {seed}, step {step}");
        }
    }

    private static LaneNode? Best(List<LaneNode> model, long now)
    {
        var candidates = model
            .GroupBy(item => item.Priority)
            .SelectMany(lane => new[]
            {
                lane.Where(item => item.DeadlineTicks == long.MaxValue).MinBy(item => item.Sequence),
                lane.Where(item => item.DeadlineTicks != long.MaxValue).MinBy(item => item.Sequence),
                lane.Where(item => item.DeadlineTicks != long.MaxValue).OrderBy(item => item.DeadlineTicks).ThenBy(item => item.Sequence).FirstOrDefault(),
            })
            .OfType<LaneNode>();
        return candidates
            .OrderBy(item => Math.Max(0, (int)item.Priority - ((now - item.ReadyAt) / Threshold)))
            .ThenBy(item => item.DeadlineTicks)
            .ThenBy(item => item.Sequence)
            .FirstOrDefault();
    }

    private LaneNode Add(TaskPriority priority, long deadline = long.MaxValue, long readyAt = 0)
    {
        var item = new LaneNode { Priority = priority, DeadlineTicks = deadline, ReadyAt = readyAt };
        _lanes.Add(item);
        return item;
    }

    private List<LaneNode> TakeAll(long now)
    {
        var taken = new List<LaneNode>();
        while (_lanes.TryTake(now, Threshold, out var item, out _))
        {
            taken.Add(item);
        }

        return taken;
    }
}
