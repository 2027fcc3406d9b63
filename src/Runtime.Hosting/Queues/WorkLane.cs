using System.Collections.Frozen;

namespace Runtime.Hosting.Queues;

/// <summary>The waiting items of one priority: those without a deadline by arrival, those with one both by arrival and by deadline.</summary>
/// <remarks>Not thread safe; <see cref="WorkLanes"/> says who may call.</remarks>
internal sealed class WorkLane(WorkPlace place)
{
    private WorkDeque _plain = new(place);
    private WorkDeque _dated = new(place);

    // The items of _dated by deadline; created by the first of them.
    private WorkHeap? _byDeadline;

    // What keeps account of the items of _dated; null unless the queue refuses what would be late.
    private Promises? _promises;

    // The items without a deadline that have a share key; created by the first of them. Only where turns are taken: not for delayed items, nor in the line of a concurrency key.
    private WorkShares? _shares;
    private FrozenDictionary<string, int>? _weights;

    /// <summary>How many items have no deadline.</summary>
    public int PlainCount => _plain.Count + (_shares?.Count ?? 0);

    public int Count => PlainCount + _dated.Count;

    /// <summary>How many share keys have items here.</summary>
    public int ShareKeys => _shares?.Keys ?? 0;

    /// <summary>The item without a deadline whose turn it is: the oldest, unless some have share keys.</summary>
    public WorkHandle? Plain => _shares is null ? _plain.First : _shares.Choose(_plain.First);

    public bool HasDated => _dated.Count > 0;

    /// <summary>The oldest item with a deadline.</summary>
    public WorkHandle? OldestDated => _dated.First;

    /// <summary>The item whose deadline is earliest.</summary>
    public WorkHandle? Earliest => _byDeadline?.Earliest;

    public WorkHandle? Oldest
    {
        get
        {
            return Older(Older(_plain.First, _dated.First), _shares?.Oldest);

            static WorkHandle? Older(WorkHandle? one, WorkHandle? other) =>
                one is null || other?.Sequence < one.Sequence ? other : one;
        }
    }

    /// <summary>The item that would be taken last but for shares: the newest without a deadline, or else the one whose deadline is latest.</summary>
    public WorkHandle? Last
    {
        get
        {
            var plain = _plain.Last;
            var shared = _shares?.Newest;
            return plain is null || shared?.Sequence > plain.Sequence ? shared ?? _byDeadline?.Latest() : plain;
        }
    }

    public void Insert(WorkHandle item)
    {
        if (item.DeadlineTicks == long.MaxValue)
        {
            if (_weights is not null && item.Options.ShareKey is not null)
            {
                (_shares ??= NewShares(_weights)).Insert(item);
                return;
            }

            if (_shares is { Keys: > 0 } && _plain.Count == 0)
            {
                _shares.OnPlainBegins();
            }

            _plain.Insert(item);
        }
        else
        {
            _dated.Insert(item);
            (_byDeadline ??= new WorkHeap()).Add(item);
            _promises?.Add(item);
        }
    }

    /// <summary>An item is about to be removed because it has had its turn.</summary>
    public void OnTurn(WorkHandle item)
    {
        if (_shares is { Keys: > 0 } && item.DeadlineTicks == long.MaxValue)
        {
            _shares.OnTurn(item);
        }
    }

    /// <summary>From now on items with share keys take turns by these weights.</summary>
    public void SetWeights(FrozenDictionary<string, int> weights)
    {
        _weights = weights;
        _shares?.SetWeights(weights);
    }

    /// <summary>Notes that an item has gone; its place has been changed already.</summary>
    public void OnRemoved(WorkHandle item)
    {
        if (item.Extras is { Share: not null })
        {
            _shares!.OnRemoved(item);
        }
        else if (item.DeadlineTicks == long.MaxValue)
        {
            _plain.OnRemoved(item);
        }
        else
        {
            _dated.OnRemoved(item);
            _byDeadline!.Remove(item);
            _promises?.Remove(item);
        }
    }

    /// <summary>From now on the items with a deadline are accounted for there, or no longer.</summary>
    public void Track(Promises? promises)
    {
        _promises = promises;
        if (promises is not null)
        {
            var items = new List<WorkHandle>(_dated.Count);
            _dated.CopyTo(items);
            items.ForEach(promises.Add);
        }
    }

    public void CopyTo(List<WorkHandle> items)
    {
        _plain.CopyTo(items);
        _shares?.CopyTo(items);
        _dated.CopyTo(items);
    }

    private WorkShares NewShares(FrozenDictionary<string, int> weights)
    {
        var shares = new WorkShares(place);
        shares.SetWeights(weights);
        return shares;
    }
}
