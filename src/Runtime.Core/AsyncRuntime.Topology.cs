using Runtime.Core.Concurrency;
using Runtime.Core.Topology;

namespace Runtime.Core;

// The machine, and where workers run on it.
public sealed partial class AsyncRuntime
{
    // The machine, which is read once, at the first need: on a large one it is thousands of files. What the process may use of it is read at every start and every change of settings.
    private CpuTopology? _machine;
    private AvailableProcessors? _available;

    // What the system refused of placement, or null.
    internal string? PlacementProblem => _dispatcher.Scheduler.PlacementProblem;

    // What is done about placement and why.
    internal string Placement => _dispatcher.Scheduler.Plan.Explanation;

    // Before workers are started or resized: limits of containers can have changed since the last time. Under _gate.
    private void PlaceWorkers(AsyncRuntimeOptions options)
    {
        var available = CpuTopologyReader.ReadAvailable();
        Volatile.Write(ref _available, available);
        _dispatcher.Scheduler.SetCpuShare(CpuShareOf(options, available));
        var (pin, numaAware) = (options.Topology.PinThreads, options.Topology.NumaAware);
        _dispatcher.Scheduler.Place(pin || numaAware ? PlacementPlan.Make(Machine() with { Available = available }, pin, numaAware) : PlacementPlan.None, available.Count());
    }

    // How many processors the workers may keep busy; null for all that the process has.
    private static double? CpuShareOf(AsyncRuntimeOptions options, AvailableProcessors available) =>
        options.MaxCpuShare is > 0 and < 1 && ThreadCpuClock.IsSupported ? options.MaxCpuShare * Math.Min(available.Quota ?? double.MaxValue, available.Allowed.Count) : null;

    private CpuTopology Machine() => LazyInitializer.EnsureInitialized(ref _machine, CpuTopologyReader.Read);

    private TopologySnapshot TopologySnapshot()
    {
        var machine = Machine();
        var available = Volatile.Read(ref _available) ?? CpuTopologyReader.ReadAvailable();
        return new TopologySnapshot
        {
            Sockets = machine.Sockets,
            Nodes = machine.Nodes.Count,
            Cores = machine.Cores,
            AllowedProcessors = available.Allowed.Count,
            CpuQuota = available.Quota,
            Placement = Placement,
            PlacedWorkers = _dispatcher.Scheduler.PlacedWorkers,
            Problem = PlacementProblem,
        };
    }
}
