using Runtime.Core.Topology;

namespace Runtime.Core;

// The machine, and where workers run on it.
public sealed partial class AsyncRuntime
{
    // What was last read of the machine; null until somebody asks, and after a change of settings.
    private CpuTopology? _topology;

    // What the system refused of placement, or null.
    internal string? PlacementProblem => _dispatcher.Scheduler.PlacementProblem;

    // What is done about placement and why.
    internal string Placement => _dispatcher.Scheduler.Plan.Explanation;

    // Before workers are started or resized: limits of containers can have changed since the last time. Under _gate.
    private void PlaceWorkers(AsyncRuntimeOptions options)
    {
        Volatile.Write(ref _topology, null);
        var (pin, numaAware) = (options.Topology.PinThreads, options.Topology.NumaAware);
        _dispatcher.Scheduler.Place(pin || numaAware ? PlacementPlan.Make(Machine(), pin, numaAware) : PlacementPlan.None, AvailableProcessors.Count());
    }

    // Read at the first need: on a large machine it is thousands of files.
    private CpuTopology Machine()
    {
        if (Volatile.Read(ref _topology) is { } known)
        {
            return known;
        }

        var read = CpuTopologyReader.Read();
        Volatile.Write(ref _topology, read);
        return read;
    }

    private TopologySnapshot TopologySnapshot()
    {
        var machine = Machine();
        return new TopologySnapshot
        {
            Sockets = machine.Sockets,
            Nodes = machine.Nodes.Count,
            Cores = machine.Cores,
            AllowedProcessors = machine.Allowed.Count,
            CpuQuota = machine.Quota,
            Placement = Placement,
            PlacedWorkers = _dispatcher.Scheduler.PlacedWorkers,
            Problem = PlacementProblem,
        };
    }
}
