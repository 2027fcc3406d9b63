namespace Runtime.Core.Topology;

/// <summary>Where a worker runs: one processor, or those of a node. Immutable.</summary>
/// <param name="Index">Its number in the plan.</param>
/// <param name="Processors">Where the thread may run.</param>
/// <param name="Node">The node of all of them.</param>
/// <param name="NearCache">The processor that names the group sharing a second-level cache or a core; -1 for a place that is not one processor.</param>
/// <param name="FarCache">The same of the last-level cache.</param>
/// <param name="Memory">The node whose memory is preferred; <see langword="null"/> for what the thread has by default.</param>
internal sealed record WorkerPlace(int Index, ProcessorSet Processors, int Node, int NearCache, int FarCache, int? Memory)
{
    /// <summary>How far work travels from there to here; less is nearer. 0 shares a core or L2, 1 an L3, 2 a node; else the distance of the nodes.</summary>
    /// <param name="other">There.</param>
    /// <param name="topology">Knows the distance of the nodes.</param>
    public int DistanceTo(WorkerPlace other, CpuTopology topology)
    {
        if (Node != other.Node)
        {
            return Math.Max(3, topology.DistanceOf(Node, other.Node));
        }

        return NearCache >= 0 && NearCache == other.NearCache ? 0 : FarCache >= 0 && FarCache == other.FarCache ? 1 : 2;
    }
}
