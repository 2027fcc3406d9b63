using Runtime.Core.Topology;

namespace Runtime.Core.Tests.Topology;

public sealed class CgroupLimitsTests
{
    [Theory]
    [InlineData("50000 100000", 1)] // half a processor is a worker
    [InlineData("100000 100000", 1)]
    [InlineData("150000 100000", 2)]
    [InlineData("200000 100000", 2)]
    [InlineData("1000 1000000", 1)]
    [InlineData("900000 100000", 8)] // more than there are
    [InlineData("max 100000", 8)]
    [InlineData("", 8)]
    [InlineData("50000 0", 8)]
    public void Version2_Quota_IsRoundedUp(string text, int workers)
    {
        using var tree = Machines.Laptop();
        tree.Write("proc/self/cgroup", "0::/").Write("sys/fs/cgroup/cpu.max", text);

        CpuTopologyReader.ReadAvailable(new SystemTree(tree.Root)).Count(known: 8).ShouldBe(workers);
    }

    [Theory]
    [InlineData("cpu,cpuacct", "cpu,cpuacct")]
    [InlineData("cpu,cpuacct", "cpu")]
    [InlineData("cpu", "cpu")]
    public void Version1_Quota_IsFoundUnderEitherName(string controllers, string mount)
    {
        using var tree = Machines.Laptop();
        tree.Write("proc/self/cgroup", $"12:cpuset:/\n4:{controllers}:/\n1:name=systemd:/\n0::/")
            .Write($"sys/fs/cgroup/{mount}/cpu.cfs_quota_us", "50000").Write($"sys/fs/cgroup/{mount}/cpu.cfs_period_us", "100000");

        CpuTopologyReader.Read(tree.Root).ShouldSatisfyAllConditions(static m => m.Available.Quota.ShouldBe(0.5), static m => m.Available.Count(known: 8).ShouldBe(1));
    }

    [Fact]
    public void Version1_NoQuota_IsMinusOne()
    {
        using var tree = Machines.Laptop();
        tree.Write("proc/self/cgroup", "4:cpu,cpuacct:/").Write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1").Write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000");

        CpuTopologyReader.Read(tree.Root).Available.Quota.ShouldBeNull();
    }

    [Fact]
    public void Version2_GroupAboveAllowsLess_TheLeastCounts()
    {
        using var tree = Machines.Laptop();
        tree.Write("proc/self/cgroup", "0::/kubepods.slice/pod1.slice/web.scope")
            .Write("sys/fs/cgroup/kubepods.slice/cpu.max", "max 100000")
            .Write("sys/fs/cgroup/kubepods.slice/pod1.slice/cpu.max", "150000 100000")
            .Write("sys/fs/cgroup/kubepods.slice/pod1.slice/web.scope/cpu.max", "400000 100000");

        CpuTopologyReader.Read(tree.Root).Available.Quota.ShouldBe(1.5);
    }

    [Theory]
    [InlineData("/kubepods/burstable/pod7/abc")] // the host's path: only its end is mounted, at the root
    [InlineData("/../../system.slice")]
    public void Container_PathOfTheHost_TheRootOfTheMountCounts(string path)
    {
        using var tree = Machines.Laptop();
        tree.Write("proc/self/cgroup", $"4:cpu,cpuacct:{path}\n0::{path}")
            .Write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "250000").Write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000");

        CpuTopologyReader.ReadAvailable(new SystemTree(tree.Root)).Count(known: 8).ShouldBe(3);
    }

    [Theory]
    [InlineData("0::/", "sys/fs/cgroup/cpuset.cpus.effective")]
    [InlineData("5:cpuset:/docker/abc", "sys/fs/cgroup/cpuset/cpuset.effective_cpus")]
    [InlineData("5:cpuset:/", "sys/fs/cgroup/cpuset/cpuset.cpus")]
    public void Cpuset_BoundsWhatIsAllowed(string cgroup, string file)
    {
        using var tree = Machines.Laptop();
        tree.Write("proc/self/cgroup", cgroup).Write(file, "2-3,6");

        CpuTopologyReader.Read(tree.Root).ShouldSatisfyAllConditions(static m => m.Available.Allowed.ToString().ShouldBe("2-3,6"), static m => m.Available.Count(known: 8).ShouldBe(3));
    }

    [Fact]
    public void ReadAvailable_APodResizedInPlace_CountsWhatItHasNow()
    {
        using var tree = Machines.Laptop();
        tree.Write("proc/self/cgroup", "0::/").Write("sys/fs/cgroup/cpu.max", "100000 100000");
        CpuTopologyReader.ReadAvailable(new SystemTree(tree.Root)).Count(known: 1).ShouldBe(1);

        tree.Write("sys/fs/cgroup/cpu.max", "300000 100000"); // .NET still has what it found when the process began
        CpuTopologyReader.ReadAvailable(new SystemTree(tree.Root)).Count(known: 1).ShouldBe(3);

        tree.Write("sys/fs/cgroup/cpu.max", "50000 100000");
        CpuTopologyReader.ReadAvailable(new SystemTree(tree.Root)).Count(known: 1).ShouldBe(1);
    }

    [Theory]
    [InlineData(3, 3)] // a quota that .NET has found where this does not look
    [InlineData(64, 8)]
    public void ReadAvailable_NoQuota_IsTheLeastOfTheProcessorsAndWhatDotNetFound(int known, int expected)
    {
        using var tree = Machines.Laptop();

        CpuTopologyReader.ReadAvailable(new SystemTree(tree.Root)).Count(known).ShouldBe(expected);
    }

    [Fact]
    public void Affinity_BoundsWhatIsAllowed()
    {
        using var tree = Machines.TwoSockets();
        tree.Allowed("8-9");

        CpuTopologyReader.Read(tree.Root).ShouldSatisfyAllConditions(static m => m.Available.Allowed.ToString().ShouldBe("8-9"), static m => m.UsableNodes.ShouldBe(1));
    }
}
