namespace Runtime.Core.Topology;

/// <summary>What the system schedules threads onto: a core, or one of its hardware threads.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Socket">The number of its package.</param>
/// <param name="Node">The number of its NUMA node; 0 where the kernel knows no nodes.</param>
/// <param name="Siblings">The hardware threads of its core, itself included.</param>
/// <param name="Capacity">How fast it is beside the others: 1024 is the fastest (cpu_capacity); 1024 where all are alike.</param>
internal sealed record LogicalProcessor(int Id, int Socket, int Node, ProcessorSet Siblings, int Capacity)
{
    /// <summary>The number of its core: that of the first of its siblings. The kernel's core_id is unique within a socket only.</summary>
    public int Core => Siblings.First;
}
