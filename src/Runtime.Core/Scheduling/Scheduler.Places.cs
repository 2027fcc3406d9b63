using Runtime.Core.Topology;

namespace Runtime.Core.Scheduling;

// Where on the machine the workers run.
internal sealed partial class Scheduler
{
    // Who has which place. The table is replaced, and used, under _workersLock.
    private PlaceTable _places = new(PlacementPlan.None);

    // How many threads can compute at once; under _workersLock.
    private int _processors = Environment.ProcessorCount;

    // What the system last refused; written by starting workers, cleared by a new plan.
    private volatile string? _placementProblem;

    public PlacementPlan Plan => Volatile.Read(ref _places).Plan;

    public string? PlacementProblem => _placementProblem;

    /// <summary>How many workers are where they are meant to be.</summary>
    public int PlacedWorkers => _workers.Count(static worker => worker.IsPlaced && !worker.IsRetiring);

    /// <summary>Changes where workers run. The caller then starts or resizes: workers that stand elsewhere retire here, and their successors take the new places.</summary>
    /// <param name="plan">Where they are to run.</param>
    /// <param name="processors">How many threads can compute at once; as many workers may be awake.</param>
    public void Place(PlacementPlan plan, int processors)
    {
        lock (_workersLock)
        {
            _processors = processors;
            if (IsClosed || plan.IsSameAs(Plan))
            {
                Volatile.Write(ref _places, _places.With(plan)); // the same places; the reason for them may be another
                return;
            }

            Shrink_NeedsLock(0); // a thread is not moved from outside: new ones, like for a change of isolation
            _placementProblem = null;
            Volatile.Write(ref _places, new PlaceTable(plan));
        }
    }

    // The configured workers have places, in the order of the plan; whoever stands in for a blocked one has none, for that one still holds its own.
    private void Settle_NeedsLock(Worker worker) => worker.Settle(_places.Taken < _configured ? _places.Take() : null, Plan.Topology);

    private void Unsettle_NeedsLock(Worker worker)
    {
        if (worker.Place is { } place)
        {
            _places.Return(place);
        }
    }

    // On the worker's own thread, which may have been started by a placed one and has inherited from it then.
    private void PlaceThread(Worker worker)
    {
        var plan = Plan;
        var problem = worker.Place is { } place ? ThreadPlacement.Apply(place)
            : plan.Places.Count > 0 ? ThreadPlacement.Clear(plan.Topology.Allowed)
            : null;
        worker.IsPlaced = worker.Place is not null && problem is null;
        if (problem is not null)
        {
            _placementProblem = problem;
        }
    }
}
