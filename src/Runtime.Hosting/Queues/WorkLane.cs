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

    public int PlainCount => _plain.Count;

    public int Count => _plain.Count + _dated.Count;

    /// <summary>The oldest item without a deadline.</summary>
    public WorkHandle? Plain => _plain.First;

    public bool HasDated => _dated.Count > 0;

    /// <summary>The oldest item with a deadline.</summary>
    public WorkHandle? OldestDated => _dated.First;

    /// <summary>The item whose deadline is earliest.</summary>
    public WorkHandle? Earliest => _byDeadline?.Earliest;

    public WorkHandle? Oldest
    {
        get
        {
            var plain = _plain.First;
            var dated = _dated.First;
            return plain is null ? dated
                : dated is null || plain.Sequence < dated.Sequence ? plain
                : dated;
        }
    }

    /// <summary>The item that would be taken last: the newest without a deadline, or else the one whose deadline is latest.</summary>
    public WorkHandle? Last => _plain.Last ?? _byDeadline?.Latest();

    public void Insert(WorkHandle item)
    {
        if (item.DeadlineTicks == long.MaxValue)
        {
            _plain.Insert(item);
        }
        else
        {
            _dated.Insert(item);
            (_byDeadline ??= new WorkHeap()).Add(item);
            _promises?.Add(item);
        }
    }

    /// <summary>Notes that an item has gone; its place has been changed already.</summary>
    public void OnRemoved(WorkHandle item)
    {
        if (item.DeadlineTicks == long.MaxValue)
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
        _dated.CopyTo(items);
    }
}
