using Runtime.Core.Topology;

namespace Runtime.Core.Tests.Topology;

public sealed class CpuTopologyReaderTests
{
    [Fact]
    public void Read_Laptop_FindsCoresSiblingsAndCaches()
    {
        using var tree = Machines.Laptop();

        var machine = CpuTopologyReader.Read(tree.Root);

        (machine.Sockets, machine.Nodes.Count, machine.Cores, machine.Processors.Count).ShouldBe((1, 1, 4, 8));
        machine.Processors[5].Siblings.ToString().ShouldBe("1,5");
        machine.Processors[5].Core.ShouldBe(1);
        machine.Caches.Count.ShouldBe((4 * 3) + 1);
        machine.CacheOf(5, 1)!.Type.ShouldBe("Data");
        machine.CacheOf(5, 2)!.ShouldSatisfyAllConditions(static cache => cache.Bytes.ShouldBe(1280 << 10), static cache => cache.Processors.ToString().ShouldBe("1,5"));
        machine.CacheOf(5, 3)!.Processors.ToString().ShouldBe("0-7");
        machine.Nodes[0].Bytes.ShouldBe(16L << 30);
        (machine.Available.Quota, machine.Available.Count(known: 8), machine.Available.IsShared).ShouldBe((null, 8, false));
    }

    [Fact]
    public void Read_TwoSockets_FindsNodesAndTheirDistances()
    {
        using var tree = Machines.TwoSockets();

        var machine = CpuTopologyReader.Read(tree.Root);

        (machine.Sockets, machine.Nodes.Count, machine.Cores, machine.Processors.Count).ShouldBe((2, 2, 16, 32));
        machine.Processors[24].ShouldSatisfyAllConditions(static p => p.Socket.ShouldBe(1), static p => p.Node.ShouldBe(1), static p => p.Core.ShouldBe(8));
        (machine.DistanceOf(0, 1), machine.DistanceOf(1, 1)).ShouldBe((21, 10));
        machine.CacheOf(3, 3)!.Bytes.ShouldBe(30L << 20);
    }

    [Fact]
    public void Read_BigLittle_FindsCapacities_WithoutNodesAndPackages()
    {
        using var tree = Machines.BigLittle();

        var machine = CpuTopologyReader.Read(tree.Root);

        (machine.Sockets, machine.Nodes.Count, machine.Cores).ShouldBe((1, 1, 8));
        machine.Processors.Select(static p => p.Capacity).ShouldBe([446, 446, 446, 446, 1024, 1024, 1024, 1024]);
        machine.Nodes[0].Processors.ToString().ShouldBe("0-7");
    }

    [Fact]
    public void Read_Epyc_FindsEveryLastLevelCache()
    {
        using var tree = Machines.Epyc();

        var machine = CpuTopologyReader.Read(tree.Root);

        (machine.Sockets, machine.Nodes.Count, machine.Cores).ShouldBe((1, 4, 64));
        machine.Caches.Where(static cache => cache.Level == 3).Select(static cache => cache.Processors.ToString())
            .ShouldBe(["0-7", "8-15", "16-23", "24-31", "32-39", "40-47", "48-55", "56-63"]);
    }

    [Fact]
    public void Read_ProcessorOffLine_IsLeftOut()
    {
        using var tree = Machines.Laptop();
        tree.Online("0-4,6-7");

        var machine = CpuTopologyReader.Read(tree.Root);

        machine.Processors.Select(static p => p.Id).ShouldBe([0, 1, 2, 3, 4, 6, 7]);
        machine.Processors[1].Siblings.ToString().ShouldBe("1");
    }

    [Fact]
    public void Read_EmptyOrBrokenFiles_AreTheSimplestMachine()
    {
        using var tree = new MachineTree().Write("sys/devices/system/cpu/online", "3-1,x").Write("proc/self/status", "Cpus_allowed_list:\t?").Write("proc/self/cgroup", "nonsense");

        var machine = CpuTopologyReader.Read(tree.Root);

        machine.Processors.Count.ShouldBe(Environment.ProcessorCount);
        (machine.Nodes.Count, machine.Available.Quota).ShouldBe((1, null));
    }

    [Fact]
    public void Read_ThisMachine_AgreesWithDotNet()
    {
        var machine = CpuTopologyReader.Read();

        machine.Available.Count(known: 8).ShouldBeGreaterThanOrEqualTo(1);
        machine.Available.Allowed.Count.ShouldBeGreaterThanOrEqualTo(Environment.ProcessorCount);
        machine.Usable.Count().ShouldBe(machine.Available.Allowed.Count);
        CpuTopologyReader.ReadAvailable().Count().ShouldBeLessThanOrEqualTo(Environment.ProcessorCount);
    }
}
