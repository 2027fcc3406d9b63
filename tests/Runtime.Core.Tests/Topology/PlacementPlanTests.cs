using Runtime.Core.Topology;

namespace Runtime.Core.Tests.Topology;

public sealed class PlacementPlanTests
{
    [Fact]
    public void Make_PinOnALaptop_TakesEveryCoreBeforeASecondThreadOfAny()
    {
        using var tree = Machines.Laptop();

        Where(Plan(tree, pin: true)).ShouldBe(["0", "1", "2", "3", "4", "5", "6", "7"]);
        Plan(tree, pin: true).Explanation.ShouldBe("Workers are pinned to one of the processors 0-7 each.");
    }

    [Fact]
    public void Make_PinWhereTheFirstThreadOfACoreIsNotAllowed_CountsTheSecondAsACore()
    {
        using var tree = Machines.Laptop();
        tree.Allowed("0,4-5");

        Where(Plan(tree, pin: true)).ShouldBe(["0", "5", "4"]);
    }

    [Fact]
    public void Make_PinOnBigLittle_TakesTheFastCoresFirst()
    {
        using var tree = Machines.BigLittle();

        Where(Plan(tree, pin: true)).ShouldBe(["4", "5", "6", "7", "0", "1", "2", "3"]);
    }

    [Fact]
    public void Make_NumaAwareOnTwoSockets_TakesTheNodesInTurn()
    {
        using var tree = Machines.TwoSockets();

        var plan = Plan(tree, numaAware: true);

        plan.Places.Count.ShouldBe(32);
        plan.Places.Take(3).Select(static place => (place.Processors.ToString(), place.Memory)).ShouldBe([("0-7,16-23", 0), ("8-15,24-31", 1), ("0-7,16-23", 0)]);
        plan.Explanation.ShouldBe("Workers are spread over 2 nodes and keep to theirs, with its memory.");
    }

    [Fact]
    public void Make_Both_PinsWithMemoryOfTheNode()
    {
        using var tree = Machines.TwoSockets();

        Plan(tree, pin: true, numaAware: true).Places.Where(static place => place.Index is 0 or 8 or 16 or 31).Select(static place => (place.Processors.ToString(), place.Memory))
            .ShouldBe([("0", 0), ("8", 1), ("16", 0), ("31", 1)]);
    }

    [Fact]
    public void Make_NumaAwareOnOneNode_ChangesNothingAndSaysSo()
    {
        using var tree = Machines.Laptop();

        var plan = Plan(tree, numaAware: true);

        plan.Places.ShouldBeEmpty();
        plan.Explanation.ShouldBe("NumaAware changes nothing: all processors that the process may use are of one node.");
    }

    [Fact]
    public void Make_PinWithOneProcessor_ChangesNothingAndSaysSo()
    {
        using var tree = Machines.Laptop();
        tree.Allowed("3");

        var plan = Plan(tree, pin: true);

        plan.Places.ShouldBeEmpty();
        plan.Explanation.ShouldBe("PinThreads changes nothing: the process may use one processor only.");
    }

    [Fact]
    public void Make_PinUnderAQuota_ChangesNothingAndSaysSo_NumaAwareStillApplies()
    {
        using var tree = Machines.TwoSockets();
        tree.Write("proc/self/cgroup", "0::/").Write("sys/fs/cgroup/cpu.max", "150000 100000");

        var plan = Plan(tree, pin: true, numaAware: true);

        plan.Places[0].Processors.ToString().ShouldBe("0-7,16-23");
        plan.Explanation.ShouldBe(
            "PinThreads changes nothing: a quota of 1.5 processors leaves 32 processors shared with others. Workers are spread over 2 nodes and keep to theirs, with its memory.");
        Plan(tree, pin: true).Places.ShouldBeEmpty();
    }

    [Fact]
    public void DistanceTo_GrowsFromCoreToCacheToNodeToFarNode()
    {
        using var epyc = Machines.Epyc();
        using var xeon = Machines.TwoSockets();

        Distances(Plan(epyc, pin: true), 0, 7, 8, 16).ShouldBe([1, 2, 12]);
        Distances(Plan(xeon, pin: true), 0, 16, 1, 8).ShouldBe([0, 1, 21]);
        Distances(Plan(xeon, numaAware: true), 0, 2, 1).ShouldBe([2, 21]);
    }

    [Fact]
    public void Table_GivesEveryPlaceOnceBeforeAnyTwice_AndWhatCameBackFirst()
    {
        using var tree = Machines.Laptop();
        var table = new PlaceTable(Plan(tree, pin: true));

        var first = Enumerable.Range(0, 9).Select(_ => table.Take()!).ToList();
        table.Return(first[3]);

        first.Select(static place => place.Index).ShouldBe([0, 1, 2, 3, 4, 5, 6, 7, 0]);
        table.Take()!.Index.ShouldBe(3);
        table.Taken.ShouldBe(9);
        new PlaceTable(PlacementPlan.None).Take().ShouldBeNull();
    }

    private static PlacementPlan Plan(MachineTree tree, bool pin = false, bool numaAware = false) => PlacementPlan.Make(CpuTopologyReader.Read(tree.Root), pin, numaAware);

    private static IEnumerable<string> Where(PlacementPlan plan) => plan.Places.Select(static place => place.Processors.ToString());

    // From a processor's place, or that of an index where places are nodes, to others.
    private static IEnumerable<int> Distances(PlacementPlan plan, int from, params int[] to)
    {
        return to.Select(other => At(from).DistanceTo(At(other), plan.Topology));

        WorkerPlace At(int id) => plan.Places.FirstOrDefault(place => place.Processors.Count == 1 && place.Processors.First == id) ?? plan.Places[id];
    }
}
