namespace Runtime.Core.Topology;

/// <summary>The processors of the machine, what they share, and how much of them this process may use. Immutable.</summary>
/// <remarks><see cref="CpuTopologyReader"/> makes it.</remarks>
internal sealed record CpuTopology
{
    /// <summary>Gets those that are on line, in order.</summary>
    public required IReadOnlyList<LogicalProcessor> Processors { get; init; }

    public required IReadOnlyList<NumaNode> Nodes { get; init; }

    public required IReadOnlyList<CpuCache> Caches { get; init; }

    /// <summary>Gets how much of it this process may use.</summary>
    public required AvailableProcessors Available { get; init; }

    public int Sockets => Processors.Select(static p => p.Socket).Distinct().Count();

    public int Cores => Processors.Select(static p => p.Core).Distinct().Count();

    /// <summary>Gets how many of the nodes have a processor that this process may use; at least 1.</summary>
    public int UsableNodes => Math.Max(1, Usable.Select(static p => p.Node).Distinct().Count());

    /// <summary>Gets the processors that are both on line and allowed.</summary>
    public IEnumerable<LogicalProcessor> Usable => Processors.Where(p => Available.Allowed.Contains(p.Id));

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
