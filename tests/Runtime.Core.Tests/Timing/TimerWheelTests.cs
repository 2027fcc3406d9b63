using Runtime.Core.Timing;

namespace Runtime.Core.Tests.Timing;

public sealed class TimerWheelTests
{
    // Where levels begin and end, and where the numbers have been the undoing of other wheels: 2^30 is where Tokio's
    // top level wrapped (12 days of uptime), 2^36 where six levels of six bits end, and the last ones where a long does.
    public static TheoryData<long> Starts => [
        0, 1, 62, 63, 64, 65, 4_095, 4_096,
        (1L << 18) - 1, 1L << 18, (1L << 24) - 1,
        (1L << 30) - 65, (1L << 30) - 1, 1L << 30, (1L << 30) + 1,
        (1L << 36) - 4_097, (1L << 36) - 1, 1L << 36,
        (1L << 42) - 1, (1L << 48) - 1, (1L << 54) - 1, (1L << 60) - 1, 1L << 60, long.MaxValue - (1L << 33)];

    [Theory]
    [MemberData(nameof(Starts))]
    public void Advance_OneEntryAtEveryBoundary_IsDueAtItsTickAndNotBefore(long start)
    {
        foreach (var delay in Delays().Where(delay => delay <= long.MaxValue - start))
        {
            var wheel = new TimerWheel(start);
            var entry = new TestEntry();
            wheel.Insert(entry, start + delay);

            Due(wheel, start + delay - 1).ShouldBeEmpty();
            wheel.Count.ShouldBe(1);
            Due(wheel, start + delay).ShouldBe([entry]);
            wheel.Count.ShouldBe(0);
            wheel.NextExpiration.ShouldBeNull();
        }
    }

    [Theory]
    [MemberData(nameof(Starts))]
    public void NextExpiration_FollowedStepByStep_ReachesTheDeadlineInAtMostOneStepPerLevel(long start)
    {
        foreach (var delay in Delays().Where(delay => delay <= long.MaxValue - start))
        {
            var wheel = new TimerWheel(start);
            wheel.Insert(new TestEntry(), start + delay);

            var steps = 0;
            while (wheel.NextExpiration is { } next)
            {
                next.ShouldBeGreaterThan(wheel.Now);
                next.ShouldBeLessThanOrEqualTo(start + delay);
                Due(wheel, next);
                steps++;
            }

            wheel.Now.ShouldBe(start + delay);
            steps.ShouldBeLessThanOrEqualTo(TimerWheel.Levels);
        }
    }

    [Fact]
    public void Advance_ManyEntriesOfOneTick_GivesThemInTheOrderOfInsertion()
    {
        var wheel = new TimerWheel(0);
        var entries = Enumerable.Range(0, 1_000).Select(_ => new TestEntry()).ToArray();
        foreach (var entry in entries)
        {
            wheel.Insert(entry, 5_000);
        }

        Due(wheel, 5_000).ShouldBe(entries);
    }

    [Fact]
    public void Advance_ToAnEarlierTick_DoesNothing()
    {
        var wheel = new TimerWheel(100);
        wheel.Insert(new TestEntry(), 101);

        Due(wheel, 50).ShouldBeEmpty();

        wheel.Now.ShouldBe(100);
        wheel.Count.ShouldBe(1);
    }

    [Fact]
    public void Advance_OverASlotWithManyEntries_StopsAfterItsBudget()
    {
        const int Entries = 100_000;
        var wheel = new TimerWheel(0);
        for (var i = 0; i < Entries; i++)
        {
            // All in one slot of level 2, and of its last tick: the cascade to level 1 gives nothing that is due.
            wheel.Insert(new TestEntry(), 8_191);
        }

        var due = new TimerPlace[TimerWheel.StepBudget];
        var calls = 0;
        bool behind;
        do
        {
            wheel.Advance(4_096, due, out behind).ShouldBe(0);
            calls++;
        }
        while (behind);

        calls.ShouldBe((Entries / TimerWheel.StepBudget) + 1);
        wheel.Count.ShouldBe(Entries);
    }

    [Fact]
    public void Advance_WithASmallBuffer_StopsWhenItIsFullAndGoesOnLater()
    {
        var wheel = new TimerWheel(0);
        var entries = Enumerable.Range(0, 10).Select(_ => new TestEntry()).ToArray();
        foreach (var entry in entries)
        {
            wheel.Insert(entry, 70);
        }

        var due = new TimerPlace[4];
        wheel.Advance(80, due, out var behind).ShouldBe(4);
        behind.ShouldBeTrue();
        wheel.Now.ShouldBe(70);

        // The rest can still be removed, and a new entry comes after it.
        wheel.Remove(entries[9]).ShouldBeTrue();
        var late = new TestEntry();
        wheel.Insert(late, 71);

        Due(wheel, 80).ShouldBe([.. entries[4..9], late]);
    }

    [Fact]
    public void Remove_OfAnEntryInAHalfMovedSlot_TakesItOut()
    {
        var wheel = new TimerWheel(0);
        var entries = Enumerable.Range(0, 3 * TimerWheel.StepBudget).Select(_ => new TestEntry()).ToArray();
        foreach (var entry in entries)
        {
            wheel.Insert(entry, 4_200);
        }

        wheel.Advance(4_096, new TimerPlace[1], out var behind);
        behind.ShouldBeTrue();
        wheel.NextExpiration.ShouldBe(4_096);
        foreach (var entry in entries)
        {
            wheel.Remove(entry).ShouldBeTrue();
        }

        wheel.NextExpiration.ShouldBeNull();
        wheel.Insert(entries[0], 4_097);
        Due(wheel, 5_000).ShouldBe([entries[0]]);
    }

    [Fact]
    public void Remove_WhatIsNotInTheWheel_ReturnsFalse()
    {
        var wheel = new TimerWheel(0);
        var entry = new TestEntry();

        wheel.Remove(entry).ShouldBeFalse();
        wheel.Insert(entry, 1);
        wheel.Remove(entry).ShouldBeTrue();
        wheel.Remove(entry).ShouldBeFalse();
        wheel.Count.ShouldBe(0);
    }

    [Fact]
    public void Remove_LeavesNoLinkToFormerNeighbours()
    {
        var wheel = new TimerWheel(0);
        var (first, second) = (new TestEntry(), new TestEntry());
        wheel.Insert(first, 5);
        wheel.Insert(second, 5);

        wheel.Remove(first);

        first.NextInSlot.ShouldBeNull();
        first.PreviousInSlot.ShouldBeNull();
    }

    [Theory]
    [InlineData(99)]
    [InlineData(100)]
    public void Insert_OfADeadlineThatIsNotAfterNow_Throws(long when)
    {
        var wheel = new TimerWheel(100);

        Should.Throw<ArgumentOutOfRangeException>(() => wheel.Insert(new TestEntry(), when));
    }

    [Fact]
    public void Insert_OfAnEntryThatIsInTheWheel_ThrowsAndSaysWhatToDo()
    {
        var wheel = new TimerWheel(0);
        var entry = new TestEntry();
        wheel.Insert(entry, 7);

        Should.Throw<InvalidOperationException>(() => wheel.Insert(entry, 8))
            .Message.ShouldBe("The timer entry is in slot 7 of a wheel; an entry can be inserted only once. Remove it first.");
    }

    [Fact]
    public void RemoveAny_UntilNull_EmptiesTheWheel()
    {
        var wheel = new TimerWheel(0);
        var entries = Delays().Select(delay => (Entry: new TestEntry(), delay)).ToArray();
        foreach (var (entry, delay) in entries)
        {
            wheel.Insert(entry, delay);
        }

        var removed = new List<TimerEntry>();
        while (wheel.RemoveAny() is { } entry)
        {
            removed.Add(entry);
        }

        removed.ShouldBe(entries.Select(e => e.Entry), ignoreOrder: true);
        wheel.Count.ShouldBe(0);
        wheel.NextExpiration.ShouldBeNull();
    }

    internal static List<TimerEntry> Due(TimerWheel wheel, long now)
    {
        var all = new List<TimerEntry>();
        var due = new TimerPlace[TimerWheel.StepBudget];
        bool behind;
        do
        {
            var count = wheel.Advance(now, due, out behind);
            all.AddRange(due.Take(count).Select(static place => place.Entry!));
        }
        while (behind);

        return all;
    }

    // Just below, at and just above the width of every slot and every level.
    private static IEnumerable<long> Delays() =>
        Enumerable.Range(0, 63).SelectMany(bit => new[] { (1L << bit) - 1, 1L << bit, (1L << bit) + 1 }).Where(delay => delay > 0).Distinct();

    internal sealed class TestEntry : TimerEntry
    {
        protected override void Execute()
        {
        }
    }
}
