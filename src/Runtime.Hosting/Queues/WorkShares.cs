// WorkShares: which share key of a lane has the next turn. Self-clocked fair queueing (Golestani 1994, "A Self-Clocked Fair Queueing Scheme for Broadband Applications"), an item as the unit.
//
// Virtual time is how many turns a key of weight 1 has had. The first item of each key carries the virtual time at which it is to have been taken: present time + 1 / weight, when it becomes the
// first, by arriving or because the one before it was taken. The least goes first, the older of equals; then the time is its. So a key that has nothing waiting is owed nothing and owes
// nothing, and is forgotten: there are never more keys than waiting items. And a stream of ever new keys puts nobody off for ever, since they begin one turn behind the present.
//
// Bound: over any time in which two keys always have items waiting, their turns, each divided by its weight, differ by at most 1 / weight of the one + 1 / weight of the other.
// Items without a key are one flow more, of weight 1: WorkLane keeps them, and this the time of their first.
// All operations are O(log k) for k keys with waiting items. Under the queue's lock.
// Rejected: start-time fair queueing (a new key begins at the present: a stream of new keys starves the others, and who has just had a turn must be remembered); round robin with a deficit
// (bursts as long as the weight).
using System.Collections.Frozen;
using System.Runtime.InteropServices;

namespace Runtime.Hosting.Queues;

/// <summary>The items of one lane that have a share key. See the head of the file.</summary>
internal sealed class WorkShares(WorkPlace place)
{
    // The weight of a key that is not named, and of the items without one.
    private const double DefaultWeight = 1;

    // So many flows are kept for the next keys, rather than made anew.
    private const int MostSpare = 64;

    private readonly Dictionary<string, ShareFlow> _flows = new(StringComparer.Ordinal);
    private readonly List<ShareFlow> _heap = [];
    private readonly Stack<ShareFlow> _spare = new();
    private FrozenDictionary<string, int> _weights = FrozenDictionary<string, int>.Empty;

    // All items, by arrival: the oldest and the newest are asked for, too.
    private WorkDeque _all = new(place);

    // The virtual time, and that of the first item without a key.
    private double _now;
    private double _plainFinish;

    /// <summary>How many keys have items here.</summary>
    public int Keys => _heap.Count;

    public int Count => _all.Count;

    public WorkHandle? Oldest => _all.First;

    public WorkHandle? Newest => _all.Last;

    /// <summary>Sets the weights by key; from the next turn on.</summary>
    public void SetWeights(FrozenDictionary<string, int> weights)
    {
        _weights = weights;
        foreach (var flow in _heap)
        {
            flow.Weight = WeightOf(flow.Key);
        }
    }

    public void Insert(WorkHandle item)
    {
        if (_heap.Count == 0)
        {
            // Nobody has waited: everybody begins anew, those without a key included.
            _now = 0;
            _plainFinish = 1 / DefaultWeight;
        }

        _all.Insert(item);
        var key = item.Options.ShareKey!;
        ref var flow = ref CollectionsMarshal.GetValueRefOrAddDefault(_flows, key, out _);
        if (flow is null)
        {
            flow = _spare.TryPop(out var spare) ? spare : new ShareFlow(place);
            flow.Key = key;
            flow.Weight = WeightOf(key);
            flow.Finish = _now + (1 / flow.Weight);
            flow.Insert(item);
            flow.HeapIndex = _heap.Count;
            _heap.Add(flow);
        }
        else
        {
            flow.Insert(item);
        }

        item.Extras!.Share = flow;
        SiftUp(flow);
    }

    /// <summary>Notes that an item has gone; its place has been changed already.</summary>
    public void OnRemoved(WorkHandle item)
    {
        var flow = item.Extras!.Share!;
        item.Extras.Share = null;
        _all.OnRemoved(item);
        flow.OnRemoved(item);
        if (flow.Count > 0)
        {
            SiftDown(flow);
            return;
        }

        _flows.Remove(flow.Key);
        RemoveFromHeap(flow);
        flow.Key = "";
        if (_spare.Count < MostSpare)
        {
            _spare.Push(flow);
        }
    }

    /// <summary>An item without a key has become the first of its kind while others have keys.</summary>
    public void OnPlainBegins() => _plainFinish = _now + (1 / DefaultWeight);

    /// <summary>Whose turn it is.</summary>
    /// <param name="plain">The first item without a key.</param>
    public WorkHandle? Choose(WorkHandle? plain)
    {
        if (_heap.Count == 0)
        {
            return plain;
        }

        var best = _heap[0];
        var isPlain = plain is not null && (_plainFinish != best.Finish ? _plainFinish < best.Finish : plain.Sequence < best.FirstSequence);
        return isPlain ? plain : best.First;
    }

    /// <summary>An item is about to be removed because it has had its turn.</summary>
    public void OnTurn(WorkHandle item)
    {
        if (item.Extras?.Share is { } flow)
        {
            // One that went out of turn, because of its age or because it was kept back before, does not set the time back.
            _now = Math.Max(_now, flow.Finish);
            flow.Finish = _now + (1 / flow.Weight);
        }
        else
        {
            _now = Math.Max(_now, _plainFinish);
            _plainFinish = _now + (1 / DefaultWeight);
        }
    }

    /// <summary>Adds all items to a list, in the order of their arrival.</summary>
    public void CopyTo(List<WorkHandle> items) => _all.CopyTo(items);

    private double WeightOf(string key) => _weights.TryGetValue(key, out var weight) ? weight : DefaultWeight;

    private void RemoveFromHeap(ShareFlow flow)
    {
        var last = _heap[^1];
        _heap.RemoveAt(_heap.Count - 1);
        if (last != flow)
        {
            Place(last, flow.HeapIndex);
            SiftUp(last);
            SiftDown(last);
        }
    }

    private void SiftUp(ShareFlow flow)
    {
        var index = flow.HeapIndex;
        while (index > 0 && _heap[(index - 1) / 2] is var above && flow.Precedes(above))
        {
            Place(above, index);
            index = (index - 1) / 2;
        }

        Place(flow, index);
    }

    private void SiftDown(ShareFlow flow)
    {
        var index = flow.HeapIndex;
        while ((index * 2) + 1 is var child && child < _heap.Count)
        {
            if (child + 1 < _heap.Count && _heap[child + 1].Precedes(_heap[child]))
            {
                child++;
            }

            if (!_heap[child].Precedes(flow))
            {
                break;
            }

            Place(_heap[child], index);
            index = child;
        }

        Place(flow, index);
    }

    private void Place(ShareFlow flow, int index)
    {
        _heap[index] = flow;
        flow.HeapIndex = index;
    }
}
