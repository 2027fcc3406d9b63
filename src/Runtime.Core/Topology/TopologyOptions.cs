namespace Runtime.Core.Topology;

/// <summary>Settings of where workers run.</summary>
/// <remarks>Both may change while running; new workers replace the old ones then. Where they cannot help they change nothing, and the snapshot says why.</remarks>
public sealed class TopologyOptions
{
    /// <summary>Gets or sets whether each worker is bound to one processor.</summary>
    /// <value>Default <see langword="false"/>: the system moves threads as it sees fit, which is right unless the machine is the application's own. Linux only.</value>
    public bool PinThreads { get; set; }

    /// <summary>Gets or sets whether workers are spread over the NUMA nodes, keep to theirs and prefer its memory.</summary>
    /// <value>Default <see langword="false"/>. Linux only; of no effect on a machine with one node.</value>
    public bool NumaAware { get; set; }
}
