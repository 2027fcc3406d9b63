using System.Globalization;

namespace Runtime.Core.Topology;

/// <summary>Reads a <see cref="CpuTopology"/> from /sys and /proc below a root folder.</summary>
/// <remarks>
/// Never throws for what it finds: what is missing is taken for the simplest machine. Some fifteen small files for each processor: a millisecond or so on
/// a small machine; not for a hot path. Sources: the kernel's ABI/stable/sysfs-devices-system-cpu, sysfs-devices-node, admin-guide/cputopology.
/// </remarks>
internal static class CpuTopologyReader
{
    private const string Cpus = "sys/devices/system/cpu";
    private const string NodeFolder = "sys/devices/system/node";

    public static CpuTopology Read() => OperatingSystem.IsLinux() ? Read("/") : Flat(Environment.ProcessorCount);

    public static CpuTopology Read(string root)
    {
        var tree = new SystemTree(root);
        var online = OnlineIn(tree);
        if (online.Count == 0)
        {
            return Flat(Environment.ProcessorCount);
        }

        var nodes = ReadNodes(tree, online);
        return new CpuTopology
        {
            Processors = [.. online.Ids.ToArray().Select(id => ReadProcessor(tree, id, nodes, online))],
            Nodes = nodes,
            Caches = ReadCaches(tree, online),
            Available = ReadAvailable(tree),
        };
    }

    /// <summary>Reads only what this process may use now: some ten small files.</summary>
    public static AvailableProcessors ReadAvailable() => OperatingSystem.IsLinux() ? ReadAvailable(new SystemTree("/")) : Flat(Environment.ProcessorCount).Available;

    public static AvailableProcessors ReadAvailable(SystemTree tree)
    {
        var online = OnlineIn(tree);
        if (online.Count == 0)
        {
            return Flat(Environment.ProcessorCount).Available;
        }

        // The kernel's word on the affinity, which a cpuset bounds; and the cpuset, where a sandbox hides the former.
        var limits = CgroupLimits.Read(tree);
        var allowed = online.Intersect(AffinityIn(tree) ?? online).Intersect(limits.Processors ?? online);
        return new AvailableProcessors(allowed.Count > 0 ? allowed : online, limits.Quota);
    }

    /// <summary>A machine of which nothing is known but the number of processors.</summary>
    public static CpuTopology Flat(int processors)
    {
        var all = ProcessorSet.Of(Enumerable.Range(0, processors));
        return new CpuTopology
        {
            Processors = [.. all.Ids.ToArray().Select(static id => new LogicalProcessor(id, 0, 0, ProcessorSet.Of([id]), 1024))],
            Nodes = [new NumaNode(0, all, 0, [10])],
            Caches = [],
            Available = new AvailableProcessors(all, Quota: null),
        };
    }

    private static ProcessorSet OnlineIn(SystemTree tree) => tree.Set(Cpus + "/online") is { Count: > 0 } set ? set : ProcessorSet.Of(tree.NumberedFolders(Cpus, "cpu"));

    private static ProcessorSet? AffinityIn(SystemTree tree)
    {
        const string key = "Cpus_allowed_list:";
        var line = (tree.Text("proc/self/status") ?? string.Empty).Split('\n').FirstOrDefault(static line => line.StartsWith(key, StringComparison.Ordinal));
        return line is null ? null : ProcessorSet.Parse(line[key.Length..].Trim());
    }

    private static LogicalProcessor ReadProcessor(SystemTree tree, int id, List<NumaNode> nodes, ProcessorSet online)
    {
        var folder = string.Create(CultureInfo.InvariantCulture, $"{Cpus}/cpu{id}");
        var siblings = tree.Set(folder + "/topology/thread_siblings_list")?.Intersect(online);
        return new LogicalProcessor(
            id,
            (int)Math.Max(0, tree.Number(folder + "/topology/physical_package_id") ?? 0), // -1 on some ARM boards
            nodes.FirstOrDefault(node => node.Processors.Contains(id))?.Id ?? nodes[0].Id,
            siblings is not null && siblings.Contains(id) ? siblings : ProcessorSet.Of([id]),
            (int)(tree.Number(folder + "/cpu_capacity") ?? 1024));
    }

    private static List<NumaNode> ReadNodes(SystemTree tree, ProcessorSet online)
    {
        var nodes = new List<NumaNode>();
        foreach (var id in tree.NumberedFolders(NodeFolder, "node"))
        {
            var folder = string.Create(CultureInfo.InvariantCulture, $"{NodeFolder}/node{id}");
            var distances = (tree.Text(folder + "/distance") ?? string.Empty).Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .Select(static word => int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var distance) ? distance : 20);
            nodes.Add(new NumaNode(id, tree.Set(folder + "/cpulist")?.Intersect(online) ?? ProcessorSet.Empty, MemoryOf(tree.Text(folder + "/meminfo")), [.. distances]));
        }

        return nodes.Count > 0 ? nodes : [new NumaNode(0, online, 0, [10])]; // a kernel without NUMA has no such folder
    }

    private static List<CpuCache> ReadCaches(SystemTree tree, ProcessorSet online)
    {
        var caches = new Dictionary<(int, string, int), CpuCache>();
        foreach (var id in online.Ids)
        {
            var folder = string.Create(CultureInfo.InvariantCulture, $"{Cpus}/cpu{id}/cache");
            foreach (var index in tree.NumberedFolders(folder, "index"))
            {
                var cache = string.Create(CultureInfo.InvariantCulture, $"{folder}/index{index}");
                if (tree.Number(cache + "/level") is { } level && tree.Set(cache + "/shared_cpu_list")?.Intersect(online) is { Count: > 0 } sharers)
                {
                    var type = tree.Text(cache + "/type") ?? "Unified";
                    caches.TryAdd(((int)level, type, sharers.First), new CpuCache((int)level, type, SizeOf(tree.Text(cache + "/size")), sharers));
                }
            }
        }

        return [.. caches.Values];
    }

    // "Node 0 MemTotal:       32768 kB"
    private static long MemoryOf(string? text)
    {
        var line = text?.Split('\n').FirstOrDefault(static line => line.Contains("MemTotal:", StringComparison.Ordinal));
        var words = line?.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return words is [.., var number, "kB"] && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var kilobytes) ? kilobytes << 10 : 0;
    }

    // "512K", "32M"
    private static long SizeOf(string? text) =>
        text is { Length: > 1 } && long.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var size)
            ? text[^1] switch { 'K' => size << 10, 'M' => size << 20, _ => 0 }
            : 0;
}
