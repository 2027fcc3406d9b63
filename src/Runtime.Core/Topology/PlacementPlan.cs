namespace Runtime.Core.Topology;

/// <summary>Where workers are to run on this machine, and why there or nowhere. Immutable.</summary>
internal sealed class PlacementPlan
{
    private PlacementPlan(CpuTopology topology, IReadOnlyList<WorkerPlace> places, string explanation) =>
        (Topology, Places, Explanation) = (topology, places, explanation);

    /// <summary>Gets the plan that leaves everything to the system.</summary>
    public static PlacementPlan None { get; } = new(CpuTopologyReader.Flat(1), [], "The system places the workers.");

    public CpuTopology Topology { get; }

    /// <summary>Gets the places in the order in which workers take them; empty when the system places the threads.</summary>
    public IReadOnlyList<WorkerPlace> Places { get; }

    /// <summary>Gets what is done and why, in a sentence for people.</summary>
    public string Explanation { get; }

    public static PlacementPlan Make(CpuTopology topology, bool pin, bool numaAware)
    {
        if (!pin && !numaAware)
        {
            return None;
        }

        if (!ThreadPlacement.IsSupported)
        {
            return new(topology, [], "The system places the workers: placement needs Linux on x64 or Arm64.");
        }

        var reasons = new List<string>();
        var byNode = numaAware && topology.UsableNodes > 1;
        if (numaAware && !byNode)
        {
            reasons.Add("NumaAware changes nothing: all processors that the process may use are of one node");
        }

        if (pin && topology.Available.Allowed.Count == 1)
        {
            reasons.Add("PinThreads changes nothing: the process may use one processor only");
        }
        else if (pin && topology.Available.IsShared)
        {
            // Every container of the machine would choose the same processors, and a worker could not move to a free one.
            reasons.Add(FormattableString.Invariant($"PinThreads changes nothing: a quota of {topology.Available.Quota:0.##} processors leaves {topology.Available.Allowed.Count} processors shared with others"));
        }
        else if (pin)
        {
            var pinned = Pin(topology, byNode);
            reasons.Add(FormattableString.Invariant($"Workers are pinned to one of the processors {topology.Available.Allowed} each{(byNode ? ", with memory of its node" : string.Empty)}"));
            return new(topology, pinned, Sentence(reasons));
        }

        if (!byNode)
        {
            return new(topology, [], Sentence(reasons));
        }

        var places = ByNode(topology);
        reasons.Add(FormattableString.Invariant($"Workers are spread over {topology.UsableNodes} nodes and keep to theirs, with its memory"));
        return new(topology, places, Sentence(reasons));
    }

    /// <summary>Whether workers placed by the other plan can stay.</summary>
    public bool IsSameAs(PlacementPlan other) => Places.SequenceEqual(other.Places) && (Places.Count == 0 || Topology.Available.Allowed.Equals(other.Topology.Available.Allowed));

    // Fast cores before slow ones; one worker for each core before a second on any; neighbours first, so that few workers share a cache.
    private static WorkerPlace[] Pin(CpuTopology topology, bool withMemory)
    {
        var ordered = topology.Usable
            .OrderByDescending(static p => p.Capacity)
            .ThenBy(p => topology.Available.Allowed.Intersect(p.Siblings).Ids.IndexOf(p.Id))
            .ThenBy(static p => p.Node)
            .ThenBy(p => LastCacheOf(topology, p))
            .ThenBy(static p => p.Id);
        return [.. ordered.Select((p, index) => new WorkerPlace(
            index, ProcessorSet.Of([p.Id]), p.Node, topology.CacheOf(p.Id, 2)?.Processors.First ?? p.Core, LastCacheOf(topology, p), withMemory ? p.Node : null))];
    }

    // One place for each processor, the nodes in turn, so that any number of workers is spread over all memory channels.
    private static WorkerPlace[] ByNode(CpuTopology topology)
    {
        var turns = topology.Usable.GroupBy(static p => p.Node)
            .Select(static node => (Id: node.Key, Processors: ProcessorSet.Of(node.Select(static p => p.Id))))
            .SelectMany(static node => Enumerable.Range(0, node.Processors.Count).Select(turn => (Turn: turn, node.Id, node.Processors)))
            .OrderBy(static slot => slot.Turn)
            .ThenBy(static slot => slot.Id);
        return [.. turns.Select(static (slot, index) => new WorkerPlace(index, slot.Processors, slot.Id, -1, -1, slot.Id))];
    }

    private static int LastCacheOf(CpuTopology topology, LogicalProcessor processor) => topology.CacheOf(processor.Id, 3)?.Processors.First ?? -1;

    private static string Sentence(List<string> reasons) => string.Join(". ", reasons) + ".";
}
