namespace Runtime.Core.Topology;

/// <summary>The processors of the machine, what they share, and how much of them this process may use. Immutable.</summary>
/// <remarks><see cref="CpuTopologyReader"/> makes it. How many processors work can use at once is <see cref="UsableProcessors"/>.</remarks>
internal sealed record CpuTopology
{
    /// <summary>Gets those that are on line, in order.</summary>
    public required IReadOnlyList<LogicalProcessor> Processors { get; init; }

    public required IReadOnlyList<NumaNode> Nodes { get; init; }

    public required IReadOnlyList<CpuCache> Caches { get; init; }

    /// <summary>Gets those that this process may run on: its affinity and its cpuset. Never empty.</summary>
    public required ProcessorSet Allowed { get; init; }

    /// <summary>Gets how much processor time its control groups allow, in processors; <see langword="null"/> for no limit.</summary>
    public required double? Quota { get; init; }

    public int Sockets => Processors.Select(static p => p.Socket).Distinct().Count();

    public int Cores => Processors.Select(static p => p.Core).Distinct().Count();

    /// <summary>Gets how many of the nodes have a processor that this process may use; at least 1.</summary>
    public int UsableNodes => Math.Max(1, Usable.Select(static p => p.Node).Distinct().Count());

    /// <summary>Gets the processors that are both on line and allowed.</summary>
    public IEnumerable<LogicalProcessor> Usable => Processors.Where(p => Allowed.Contains(p.Id));

    /// <summary>Gets how many threads can compute at once, with a part of a processor rounded up: 0.5 is 1, 1.5 is 2. At least 1.</summary>
    public int UsableProcessors => Limit(Math.Max(1, Allowed.Count), Quota);

    /// <summary>Gets whether the quota is less than the processors: somebody else is meant to use the rest of them.</summary>
    public bool IsShared => Quota < Allowed.Count;

    /// <summary>The lesser of a number of processors and a quota that is rounded up.</summary>
    public static int Limit(int processors, double? quota) => quota is { } limit && limit < processors ? Math.Max(1, (int)Math.Ceiling(limit)) : processors;

    /// <summary>The cache of a level that a processor uses for data, if it is known.</summary>
    public CpuCache? CacheOf(int processor, int level) =>
        Caches.FirstOrDefault(cache => cache.Level == level && cache.Type != "Instruction" && cache.Processors.Contains(processor));

    /// <summary>How far it is from one node to another: 10 within a node, 20 where nothing is told.</summary>
    public int DistanceOf(int from, int to)
    {
        if (from == to)
        {
            return 10;
        }

        var node = Nodes.FirstOrDefault(node => node.Id == from);
        for (var i = 0; node is not null && i < Math.Min(Nodes.Count, node.Distances.Count); i++)
        {
            if (Nodes[i].Id == to)
            {
                return node.Distances[i]; // the file has a figure for each node on line, not for each number
            }
        }

        return 20;
    }
}
