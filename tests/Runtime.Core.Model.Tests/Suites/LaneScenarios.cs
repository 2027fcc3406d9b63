using Runtime.Core.Scheduling;

namespace Runtime.Core.Model.Tests.Suites;

/// <summary>Adders and takers at the <see cref="SharedLanes"/>. A lane whose bit is not set is not looked into: what is in there then is lost.</summary>
internal abstract class LaneScenario : QueueScenario
{
    private static readonly SharedLanes.Limits Everything = new(Now: 100, Threshold: 1_000, PlainReadyAt: long.MaxValue, LeastUrgent: int.MaxValue);

    protected LaneScenario() => Lanes = new SharedLanes(entry => Take("elsewhere", entry));

    protected SharedLanes Lanes { get; }

    protected override void CollectRest()
    {
        while (!Lanes.IsEmpty)
        {
            if (Lanes.TryTake(Everything, out var entry))
            {
                Take("rest", entry);
            }
        }
    }

    protected void Add(string producer, TaskPriority priority = TaskPriority.High, long deadline = long.MaxValue) => Lanes.Add(Make(producer), priority, deadline);

    protected void TryTake(string taker)
    {
        if (Lanes.TryTake(Everything, out var entry))
        {
            Take(taker, entry);
        }
    }
}

/// <summary>A taker finds the level empty and clears its bit, while an adder adds to it.</summary>
internal sealed class LaneWithOneTaker : LaneScenario
{
    public LaneWithOneTaker()
    {
        Add("p");
        Run("adder", () =>
        {
            Add("p");
            Add("p");
        });
        Run("taker", () =>
        {
            TryTake("taker");
            TryTake("taker");
        });
    }
}

/// <summary>Two takers, one of which may clear what the other has just seen set.</summary>
internal sealed class LaneWithTwoTakers : LaneScenario
{
    public LaneWithTwoTakers()
    {
        Add("p");
        Run("adder", () => Add("p"));
        Run("a", () => TryTake("a"));
        Run("b", () => TryTake("b"));
    }
}

/// <summary>Two levels, of which one adder each makes use; the word of the bits is shared.</summary>
internal sealed class LanesOfTwoLevels : LaneScenario
{
    public LanesOfTwoLevels()
    {
        Run("high", () => Add("high"));
        Run("low", () => Add("low", TaskPriority.Low));
        Run("taker", () =>
        {
            TryTake("taker");
            TryTake("taker");
        });
    }
}

/// <summary>The same with deadlines: their bit is cleared and set like the others.</summary>
internal sealed class LaneOfDeadlines : LaneScenario
{
    public LaneOfDeadlines()
    {
        Add("p", deadline: 5);
        Run("adder", () => Add("p", deadline: 6));
        Run("taker", () =>
        {
            TryTake("taker");
            TryTake("taker");
        });
    }
}

/// <summary>Close against an adder that may have to make the level first.</summary>
internal sealed class LanesClose : LaneScenario
{
    public LanesClose()
    {
        Add("q", TaskPriority.Low);
        Run("adder", () =>
        {
            Add("p");
            Add("p", deadline: 5);
        });
        Run("closer", Lanes.Close);
    }

    protected override bool IsOrdered => false;

    // What the bits say does not matter any more.
    protected override void CollectRest() => Require(Lanes.Count == 0 && Lanes.OldestReadyAt == long.MaxValue, "something is left in closed lanes");
}
