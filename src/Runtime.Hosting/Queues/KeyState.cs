namespace Runtime.Hosting.Queues;

/// <summary>One concurrency key while items of it are live.</summary>
/// <remarks>Not thread safe: used under the queue's lock.</remarks>
internal sealed class KeyState(string name)
{
    // How many live items ask for which limit; the first key is the limit in force.
    private readonly SortedDictionary<int, int> _limits = [];

    public string Name { get; } = name;

    /// <summary>How many items of the key have started and not ended.</summary>
    public int Running { get; set; }

    /// <summary>How many items of the key are in the queue's lanes.</summary>
    public int InLanes { get; set; }

    /// <summary>The items that came up while the key was at its limit, in the order of the lanes. Created by the first: most keys never block.</summary>
    public WorkLanes? Blocked { get; private set; }

    public int BlockedCount => Blocked?.Count ?? 0;

    /// <summary>The smallest limit among the live items.</summary>
    public int Limit { get; private set; }

    public bool IsSaturated => Running >= Limit;

    public bool IsUnused => _limits.Count == 0;

    /// <summary>How many blocked items should go back to the lanes: enough for the free places, and at least the best one, since it may go before those in the lanes.</summary>
    public int Releasable => BlockedCount == 0 || IsSaturated ? 0 : Math.Min(BlockedCount, Math.Max(1, Limit - Running - InLanes));

    /// <summary>Adds an item that has been taken from the lanes; it keeps its place in the order.</summary>
    public void Block(WorkHandle entry) => (Blocked ??= new WorkLanes(WorkPlace.Blocked)).Add(entry);

    public void AddLimit(int limit)
    {
        _limits[limit] = _limits.GetValueOrDefault(limit) + 1;
        SetLimit();
    }

    public void RemoveLimit(int limit)
    {
        if (_limits[limit] == 1)
        {
            _limits.Remove(limit);
        }
        else
        {
            _limits[limit]--;
        }

        SetLimit();
    }

    private void SetLimit()
    {
        foreach (var limit in _limits.Keys)
        {
            Limit = limit;
            return;
        }
    }
}
