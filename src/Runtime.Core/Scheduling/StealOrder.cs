using Runtime.Core.Topology;

namespace Runtime.Core.Scheduling;

/// <summary>The other workers by how far they are from one, in circles: the nearest first. That worker's thread only.</summary>
/// <remarks>
/// Within a circle the thief begins anywhere, as ever: a fixed order would send all thieves to the same victim. Workers without a place, which the system moves
/// about, are the last circle. Computed when the set of workers has changed; otherwise it costs one comparison of references.
/// </remarks>
internal sealed class StealOrder(WorkerPlace place, CpuTopology topology)
{
    private const int Unplaced = int.MaxValue;

    // The set of workers that the circles are of.
    private Worker[] _workers = [];

    private Worker[][] _circles = [];

    public Worker[][] CirclesOf(Worker[] workers)
    {
        if (!ReferenceEquals(workers, _workers))
        {
            _circles = [.. workers
                .GroupBy(worker => worker.Place is { } other ? place.DistanceTo(other, topology) : Unplaced)
                .OrderBy(static circle => circle.Key)
                .Select(static circle => circle.ToArray())];
            _workers = workers;
        }

        return _circles;
    }
}
