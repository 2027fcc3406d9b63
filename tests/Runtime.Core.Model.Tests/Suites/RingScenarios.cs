using Runtime.Core.Scheduling;

namespace Runtime.Core.Model.Tests.Suites;

/// <summary>One owner and its visitors at a <see cref="LocalQueue"/>, which has room for four items here.</summary>
internal abstract class RingScenario : QueueScenario
{
    private readonly Injector _overflow = new(static _ => throw new InvalidOperationException("The injector is open."));
    private readonly List<LocalQueue> _queues = [];

    protected RingScenario() => Owner = NewQueue();

    protected LocalQueue Owner { get; }

    protected LocalQueue NewQueue()
    {
        var queue = new LocalQueue();
        _queues.Add(queue);
        return queue;
    }

    protected override void CollectRest()
    {
        foreach (var queue in _queues)
        {
            while (queue.TryPop(out var entry))
            {
                Take("rest", entry);
            }
        }

        while (_overflow.TryPop(out var entry))
        {
            Take("overflow", entry);
        }
    }

    // What is left comes from several queues.
    protected override bool IsOrdered => _queues.Count == 1;

    protected void Push(int count = 1)
    {
        for (var i = 0; i < count; i++)
        {
            Owner.Push(Make("o"), _overflow);
        }
    }

    protected void Pop()
    {
        if (Owner.TryPop(out var entry))
        {
            Take("owner", entry);
        }
    }

    protected StealResult Steal(string thief, LocalQueue from, LocalQueue into)
    {
        var result = from.Visitor.StealInto(into, out var first, out var taken);
        if (result == StealResult.Success)
        {
            Require(taken >= 1, "success with nothing");
            Take(thief, first);
        }

        return result;
    }
}

/// <summary>The owner pushes and pops while one thief steals.</summary>
internal sealed class RingWithOneThief : RingScenario
{
    public RingWithOneThief()
    {
        Push(2);
        var mine = NewQueue();
        Run("owner", () =>
        {
            Push();
            Pop();
            Pop();
        });
        Run("thief", () =>
        {
            Steal("thief", Owner, mine);
            if (mine.TryPop(out var entry))
            {
                Take("thief", entry);
            }
        });
    }
}

/// <summary>The owner's ring overflows while a thief steals.</summary>
internal sealed class RingOverflow : RingScenario
{
    public RingOverflow()
    {
        Push(3);
        var mine = NewQueue();
        Run("owner", () =>
        {
            Push(3);
            Pop();
        });
        Run("thief", () => Steal("thief", Owner, mine));
    }
}

/// <summary>Slots are used again and again while a thief copies.</summary>
internal sealed class RingReuse : RingScenario
{
    public RingReuse()
    {
        Push(3);
        var mine = NewQueue();
        Run("owner", () =>
        {
            Pop();
            Push(2);
            Pop();
            Push();
        });
        Run("thief", () =>
        {
            Steal("thief", Owner, mine);
            Steal("thief", Owner, mine);
        });
    }
}

/// <summary>Two thieves at one owner.</summary>
internal sealed class RingWithTwoThieves : RingScenario
{
    public RingWithTwoThieves()
    {
        Push(3);
        var first = NewQueue();
        var second = NewQueue();
        Run("owner", () =>
        {
            Push();
            Pop();
        });
        Run("thief", () => Steal("thief", Owner, first));
        Run("other", () => Steal("other", Owner, second));
    }
}

/// <summary>A thief of a thief: what was stolen is stolen again.</summary>
internal sealed class RingChainedSteal : RingScenario
{
    public RingChainedSteal()
    {
        Push(4);
        var first = NewQueue();
        var second = NewQueue();
        Run("thief", () =>
        {
            Steal("thief", Owner, first);
            if (first.TryPop(out var entry))
            {
                Take("thief", entry);
            }
        });
        Run("other", () =>
        {
            Steal("other", first, second);
            Steal("other", Owner, second);
        });
    }
}
