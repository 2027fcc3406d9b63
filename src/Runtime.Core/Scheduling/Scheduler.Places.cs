using Runtime.Core.Topology;

namespace Runtime.Core.Scheduling;

// Where on the machine the workers run.
internal sealed partial class Scheduler
{
    // Who has which place. The table is replaced, and used, under _workersLock.
    private PlaceTable _places = new(PlacementPlan.None);

    // How many threads can compute at once; under _workersLock.
    private int _processors = Environment.ProcessorCount;

    // Whether there has been a place, so that threads may have something to inherit. Set under _workersLock before the first thread with one starts.
    private volatile bool _hasPlaced;

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
            _hasPlaced |= plan.Places.Count > 0;
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
        if (worker.Place is { } place)
        {
            var problem = ThreadPlacement.Apply(place);
            worker.IsPlaced = problem is null;
            _placementProblem = problem ?? _placementProblem;
        }
        else if (_hasPlaced)
        {
            ThreadPlacement.Clear();
        }
    }
}
