using Runtime.Core.Topology;

namespace Runtime.Core.Scheduling;

// Where on the machine this worker runs.
internal sealed partial class Worker
{
    // The other workers by distance; null while no worker has a place and all are equally near. Owner only, but for Settle.
    private StealOrder? _victims;

    /// <summary>Its place; <see langword="null"/> while the system places the thread. Written by <see cref="Settle"/>.</summary>
    public WorkerPlace? Place { get; private set; }

    /// <summary>Whether the system has moved the thread to the place. Written by the owner.</summary>
    public bool IsPlaced { get; set; }

    /// <summary>Gives it a place, before its thread starts.</summary>
    public void Settle(WorkerPlace? place, CpuTopology topology)
    {
        Place = place;
        _victims = place is null ? null : new StealOrder(place, topology);
    }
}
