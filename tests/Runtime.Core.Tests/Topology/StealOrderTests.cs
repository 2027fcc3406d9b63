using Runtime.Core.Scheduling;
using Runtime.Core.Topology;

namespace Runtime.Core.Tests.Topology;

public sealed class StealOrderTests
{
    [Fact]
    public void CirclesOf_Epyc_AreCacheThenNodeThenTheRest_AndWhoHasNoPlaceIsLast()
    {
        using var tree = Machines.Epyc();
        var plan = PlacementPlan.Make(CpuTopologyReader.Read(tree.Root), pin: true, numaAware: false);
        var scheduler = new Scheduler(new NoHost(), new WorkLedger(), new AsyncRuntimeOptions());
        Worker[] workers = [.. Enumerable.Range(0, 65).Select(id => Settled(scheduler, id, id < 64 ? plan.Places[id] : null, plan.Topology))];
        var order = new StealOrder(plan.Places[9], plan.Topology);

        var circles = order.CirclesOf(workers);

        circles.Select(static circle => ProcessorSet.Of(circle.Select(static worker => worker.Id)).ToString()).ShouldBe(["9", "8,10-15", "0-7", "16-63", "64"]);
        order.CirclesOf(workers).ShouldBeSameAs(circles);
        order.CirclesOf(workers[..16]).Length.ShouldBe(3);
    }

    [Fact]
    public void CirclesOf_AllShareOneCache_IsOneCircleForTheOthers()
    {
        using var tree = Machines.BigLittle();
        var plan = PlacementPlan.Make(CpuTopologyReader.Read(tree.Root), pin: true, numaAware: false);
        var scheduler = new Scheduler(new NoHost(), new WorkLedger(), new AsyncRuntimeOptions());
        Worker[] workers = [.. Enumerable.Range(0, 8).Select(id => Settled(scheduler, id, plan.Places[id], plan.Topology))];

        new StealOrder(plan.Places[0], plan.Topology).CirclesOf(workers).Select(static circle => circle.Length).ShouldBe([1, 7]);
    }

    private static Worker Settled(Scheduler scheduler, int id, WorkerPlace? place, CpuTopology topology)
    {
        var worker = new Worker(scheduler, id, new Scheduler.ThreadShape("worker", 0, default));
        worker.Settle(place, topology);
        return worker;
    }

    private sealed class NoHost : ISchedulerHost
    {
        public SynchronizationContext ContextOf(TaskPriority priority) => new();

        public void RunElsewhere(QueueEntry entry) => throw new NotSupportedException();

        public void OnUnhandled(Exception exception) => throw new NotSupportedException();

        public void OnIsolationRefused(string problem) => throw new NotSupportedException();

        public void OnWorkerBlocked(Worker worker, object item, TimeSpan duration) => throw new NotSupportedException();

        public void OnActivity() => throw new NotSupportedException();
    }
}
