using Runtime.Core.Model.Tests.Engine;

namespace Runtime.Core.Model.Tests.Suites;

/// <summary>A producer outside, two workers that go to sleep.</summary>
internal sealed class WakeForOneProducer : WakeScenario
{
    public WakeForOneProducer()
        : base(workers: 2, limit: 2) => Run("producer", () =>
    {
        Submit("a");
        Submit("b");
    });
}

/// <summary>Two producers outside, one worker.</summary>
internal sealed class WakeForTwoProducers : WakeScenario
{
    public WakeForTwoProducers()
        : base(workers: 1, limit: 1)
    {
        Run("first", () => Submit("a"));
        Run("second", () => Submit("b"));
    }
}

/// <summary>Two workers of which only one may be awake for work.</summary>
internal sealed class WakeWithinTheLimit : WakeScenario
{
    public WakeWithinTheLimit()
        : base(workers: 2, limit: 1) => Run("producer", () =>
    {
        Submit("a");
        Submit("b");
    });
}

/// <summary>The same when one item is not worth a wake while somebody is awake.</summary>
internal sealed class WakeWhenItIsWorthIt : WakeScenario
{
    public WakeWhenItIsWorthIt()
        : base(workers: 2, limit: 2, worthAWake: 2)
    {
        Run("first", () => Submit("a", () => Submit("b")));
        Run("second", () => Submit("c"));
    }
}

/// <summary>Urgent work beside plain work, for workers that go to sleep.</summary>
internal sealed class WakeForALane : WakeScenario
{
    public WakeForALane()
        : base(workers: 2, limit: 2, worthAWake: 2, priorities: true)
    {
        Run("first", () => SubmitUrgent("a"));
        Run("second", () =>
        {
            SubmitUrgent("b");
            Submit("c");
        });
    }
}

/// <summary>Work that makes work: into the slot, into the ring, while the other worker goes to sleep.</summary>
internal sealed class WakeForLocalPushes : WakeScenario
{
    public WakeForLocalPushes()
        : base(workers: 2, limit: 2) => Run("producer", () => Submit("a", () =>
    {
        Submit("b");
        Submit("c");
    }));
}

/// <summary>Work that waits for the work it has made: the monitor and the other worker must see to it.</summary>
internal sealed class WakeForAStuckWorker : WakeScenario
{
    private bool _isStuck;

    public WakeForAStuckWorker()
        : base(workers: 2, limit: 2)
    {
        var first = Make("b");
        var second = Make("c");
        var stuck = Make("a", () =>
        {
            Scheduler.Submit(first, Scheduler.CurrentWorker);
            Scheduler.Submit(second, Scheduler.CurrentWorker);
            _isStuck = true;
            Execution.Current.WaitUntil(() => first.Runs > 0 && second.Runs > 0, "what it has made to run");
        });
        Run("producer", () => Scheduler.Submit(stuck, null));
        Run("monitor", () =>
        {
            Execution.Current.WaitUntil(() => _isStuck, "a stuck worker");
            for (var look = 0; look < 4 && !MayRest(); look++)
            {
                Array.ForEach(Scheduler.Workers, Scheduler.Free); // what the stuck worker stored is seen after a few milliseconds at the latest
                Yield();
            }
        });
    }
}

/// <summary>A worker is to end while it goes to sleep and while work comes.</summary>
internal sealed class WakeForRetirement : WakeScenario
{
    public WakeForRetirement()
        : base(workers: 2, limit: 2)
    {
        Run("producer", () => Submit("a", () => Submit("b")));
        Run("resize", () => Scheduler.Retire(Scheduler.Workers[0]));
    }

    public override bool MayRest() => base.MayRest() && Scheduler.Ended == 1;
}

/// <summary>The same when one item is not worth a wake while somebody is awake: a worker that is about to end does not count as that.</summary>
internal sealed class WakeForRetirementUnderLoad : WakeScenario
{
    public WakeForRetirementUnderLoad()
        : base(workers: 2, limit: 2, worthAWake: 2)
    {
        Run("producer", () => Submit("a"));
        Run("resize", () => Scheduler.Retire(Scheduler.Workers[0]));
    }

    public override bool MayRest() => base.MayRest() && Scheduler.Ended == 1;
}

/// <summary>The end of all workers, against a producer: what they do not run runs elsewhere.</summary>
internal sealed class WakeForClose : WakeScenario
{
    public WakeForClose()
        : base(workers: 2, limit: 2)
    {
        Run("producer", () => Submit("a", () => Submit("b")));
        Run("close", Scheduler.Close);
    }

    public override bool MayRest() => false;

    public override void Check()
    {
        Scheduler.FinishClose();
        base.Check();
    }
}
