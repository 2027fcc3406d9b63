using Runtime.Core.Scheduling;

namespace Runtime.Core.Model.Tests.Suites;

/// <summary>Producers and consumers at the <see cref="Injector"/>, whose ring has room for two items here.</summary>
internal abstract class InjectorScenario : QueueScenario
{
    protected InjectorScenario() => Injector = new Injector(item => Take("elsewhere", item));

    protected Injector Injector { get; }

    protected override void CollectRest() => TakeAll("rest", 8);

    protected void Push(string producer, int count = 1)
    {
        var entries = new QueueEntry[count];
        for (var i = 0; i < count; i++)
        {
            entries[i] = Make(producer);
        }

        Injector.PushMany(entries);
    }

    protected void TakeAll(string taker, int most)
    {
        var entries = new QueueEntry[most];
        var count = Injector.Take(entries);
        for (var i = 0; i < count; i++)
        {
            Take(taker, entries[i]);
        }
    }
}

/// <summary>Two producers, one of which overflows the ring, and a consumer.</summary>
internal sealed class InjectorWithTwoProducers : InjectorScenario
{
    public InjectorWithTwoProducers()
    {
        Run("a", () =>
        {
            Push("a");
            Push("a");
        });
        Run("b", () => Push("b"));
        Run("consumer", () =>
        {
            TakeAll("consumer", 2);
            TakeAll("consumer", 2);
        });
    }
}

/// <summary>A batch that is larger than the ring, and a consumer that takes it in pieces.</summary>
internal sealed class InjectorBatch : InjectorScenario
{
    public InjectorBatch()
    {
        Run("producer", () =>
        {
            Push("p", 3);
            Push("p");
        });
        Run("consumer", () =>
        {
            TakeAll("consumer", 1);
            TakeAll("consumer", 2);
            TakeAll("consumer", 2);
        });
    }
}

/// <summary>Two consumers at a ring and a spill that hold something, and a producer.</summary>
internal sealed class InjectorWithTwoConsumers : InjectorScenario
{
    public InjectorWithTwoConsumers()
    {
        Push("p", 3);
        Run("a", () => TakeAll("a", 2));
        Run("b", () => TakeAll("b", 2));
        Run("producer", () => Push("p"));
    }
}

/// <summary>Slots are used for several rounds: a stale claimer meets a slot of a later round.</summary>
internal sealed class InjectorRounds : InjectorScenario
{
    public InjectorRounds()
    {
        Push("p");
        Run("producer", () =>
        {
            Push("p");
            Push("p");
        });
        Run("consumer", () =>
        {
            TakeAll("consumer", 1);
            TakeAll("consumer", 1);
            TakeAll("consumer", 1);
        });
    }
}

/// <summary>Close against a producer: nothing stays behind, whoever comes first.</summary>
internal class InjectorClose : InjectorScenario
{
    public InjectorClose()
    {
        Run("producer", () =>
        {
            Push("p");
            Push("p");
        });
        Run("closer", Injector.Close);
    }

    // Several threads hand on at once.
    protected override bool IsOrdered => false;

    protected override void CollectRest() => Require(Injector.IsEmpty && Injector.Count == 0, "something is left in a closed queue");
}

/// <summary>The same with something in ring and spill, and a consumer.</summary>
internal sealed class InjectorCloseWhileInUse : InjectorClose
{
    public InjectorCloseWhileInUse()
    {
        Push("q", 3);
        Bodies.RemoveAt(0);
        Run("producer", () => Push("p"));
        Run("consumer", () => TakeAll("consumer", 2));
    }
}
