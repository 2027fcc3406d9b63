namespace Runtime.Core.Tests.Stress;

/// <summary>Which ways the runtime says that items went: the most seen at any look, because the counters of ended workers are gone.</summary>
internal sealed class HandOffCoverage
{
    public long SlotRuns { get; private set; }

    public long LocalRuns { get; private set; }

    public long Overflows { get; private set; }

    public long Steals { get; private set; }

    public long Parks { get; private set; }

    public long Injected { get; private set; }

    public long Blocked { get; private set; }

    public void Look(RuntimeSnapshot snapshot)
    {
        SlotRuns = Math.Max(SlotRuns, snapshot.Workers.Sum(static worker => worker.SlotRuns));
        LocalRuns = Math.Max(LocalRuns, snapshot.Workers.Sum(static worker => worker.LocalRuns));
        Overflows = Math.Max(Overflows, snapshot.Workers.Sum(static worker => worker.Overflows));
        Steals = Math.Max(Steals, snapshot.Workers.Sum(static worker => worker.Steals));
        Parks = Math.Max(Parks, snapshot.Workers.Sum(static worker => worker.Parks));
        Injected = Math.Max(Injected, snapshot.InjectorDepth);
        Blocked = Math.Max(Blocked, snapshot.BlockedItems);
    }

    public override string ToString() =>
        $"slot {SlotRuns:N0}, ring {LocalRuns:N0}, overflows {Overflows:N0}, steals {Steals:N0}, parks {Parks:N0}, injector up to {Injected:N0}, blocked {Blocked:N0}";
}
