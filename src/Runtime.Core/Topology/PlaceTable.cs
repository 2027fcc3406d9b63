namespace Runtime.Core.Topology;

/// <summary>Which places of a plan are taken. Not thread safe: the owner's lock guards it.</summary>
internal sealed class PlaceTable
{
    // How many workers stand at each place.
    private readonly int[] _users;

    public PlaceTable(PlacementPlan plan)
        : this(plan, new int[plan.Places.Count], taken: 0)
    {
    }

    private PlaceTable(PlacementPlan plan, int[] users, int taken) => (Plan, _users, Taken) = (plan, users, taken);

    public PlacementPlan Plan { get; }

    /// <summary>How many places have been given and not come back.</summary>
    public int Taken { get; private set; }

    /// <summary>The same places with the same workers at them, by a plan that gives another reason for them.</summary>
    public PlaceTable With(PlacementPlan plan) => new(plan, _users, Taken);

    /// <summary>Gives the first of those with the fewest workers; <see langword="null"/> when the plan has none.</summary>
    public WorkerPlace? Take()
    {
        if (_users.Length == 0)
        {
            return null;
        }

        var best = Array.IndexOf(_users, _users.Min());
        _users[best]++;
        Taken++;
        return Plan.Places[best];
    }

    public void Return(WorkerPlace place)
    {
        _users[place.Index]--;
        Taken--;
    }
}
