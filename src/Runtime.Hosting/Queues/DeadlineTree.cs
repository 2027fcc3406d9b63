// DeadlineTree: the queued items of one priority that have a deadline, in the order in which they will run, with what that order promises.
//
// A treap (Seidel and Aragon 1996): a search tree by (deadline, sequence) and a heap by a hash of the sequence, which balances it without a thought. Each node knows of its
// subtree: the work, its variance, and the least slack. The slack of an item is the work that may still come before it: (latest end - now) * servers - work up to and with it.
// `now` and the work of more urgent priorities are the same for all, so they are left out and compared with at the query.
// All operations are O(log n) expected. Nodes are in one array with a free list: nothing is allocated once it has its length. Under the queue's lock.
// Sums are made anew from the children at every change, so they do not drift. A timestamp in nanoseconds times 64 servers has more digits than a double: the slack is right to a microsecond.
// Rejected: a Fenwick tree over slots of time (deadlines are milliseconds in one application and days in the next); the heap that orders the lane (it knows the first, not the rank).
using System.Runtime.InteropServices;

namespace Runtime.Hosting.Queues;

/// <summary>What the items of one priority with a deadline ask for. See the head of the file.</summary>
internal sealed class DeadlineTree
{
    // Node 0 is none: no work, and slack without end.
    private Node[] _nodes = NewNodes();
    private int _root;
    private int _used = 1;

    // The first of the nodes that are not in use, linked by Left.
    private int _free;

    private int _servers = 1;

    public int Count { get; private set; }

    public double Work => _nodes[_root].SubtreeWork;

    public double Variance => _nodes[_root].SubtreeVariance;

    /// <summary>How many items run at once. Setting another number costs O(n).</summary>
    public int Servers
    {
        get => _servers;
        set
        {
            if (_servers != value)
            {
                _servers = value;
                AggregateAll(_root);
            }
        }
    }

    /// <param name="deadline">By when the item is to have ended: its place in the order.</param>
    /// <param name="sequence">Its place among equals.</param>
    /// <param name="work">How long it should run.</param>
    /// <param name="variance">The variance of that.</param>
    /// <param name="latestEnd">By when all work up to and with it, spread over the servers, must be done so that it keeps its deadline.</param>
    public void Add(long deadline, long sequence, double work, double variance, double latestEnd)
    {
        var added = Take();
        _nodes[added] = new Node
        {
            Deadline = deadline,
            Sequence = sequence,
            Rank = (uint)((ulong)sequence * 0x9E3779B97F4A7C15 >> 32),
            Work = work,
            Variance = variance,
            LatestEnd = latestEnd,
        };
        Aggregate(added);
        Split(_root, deadline, sequence, out var before, out var after);
        _root = Join(Join(before, added), after);
        Count++;
    }

    /// <summary>Removes an item that is in the tree.</summary>
    public void Remove(long deadline, long sequence) => Remove(ref _root, deadline, sequence);

    /// <summary>What runs before a new item of that deadline: those of an earlier one, and of the same.</summary>
    public Ahead Before(long deadline)
    {
        var work = 0.0;
        var variance = 0.0;
        var slack = double.PositiveInfinity;
        for (var index = _root; index != 0;)
        {
            ref var node = ref _nodes[index];
            ref var left = ref _nodes[node.Left];
            var upTo = work + left.SubtreeWork + node.Work;
            if (node.Deadline <= deadline)
            {
                work = upTo;
                variance += left.SubtreeVariance + node.Variance;
                index = node.Right;
            }
            else
            {
                slack = Math.Min(slack, Math.Min(node.LatestEnd * _servers, _nodes[node.Right].SubtreeSlack) - upTo);
                index = node.Left;
            }
        }

        return new Ahead(work, variance, slack);
    }

    private static Node[] NewNodes()
    {
        var nodes = new Node[16];
        nodes[0].SubtreeSlack = double.PositiveInfinity;
        return nodes;
    }

    private int Take()
    {
        if (_free != 0)
        {
            var taken = _free;
            _free = _nodes[taken].Left;
            return taken;
        }

        if (_used == _nodes.Length)
        {
            Array.Resize(ref _nodes, _used * 2);
        }

        return _used++;
    }

    private void Split(int index, long deadline, long sequence, out int before, out int after)
    {
        if (index == 0)
        {
            before = after = 0;
            return;
        }

        ref var node = ref _nodes[index];
        if (node.Precedes(deadline, sequence))
        {
            Split(node.Right, deadline, sequence, out node.Right, out after);
            before = index;
        }
        else
        {
            Split(node.Left, deadline, sequence, out before, out node.Left);
            after = index;
        }

        Aggregate(index);
    }

    private int Join(int before, int after)
    {
        if (before == 0 || after == 0)
        {
            return before + after;
        }

        ref var one = ref _nodes[before];
        ref var other = ref _nodes[after];
        if (one.Rank > other.Rank)
        {
            one.Right = Join(one.Right, after);
            Aggregate(before);
            return before;
        }

        other.Left = Join(before, other.Left);
        Aggregate(after);
        return after;
    }

    private void Remove(ref int index, long deadline, long sequence)
    {
        var here = index;
        if (here == 0)
        {
            return;
        }

        ref var node = ref _nodes[here];
        if (node.Deadline == deadline && node.Sequence == sequence)
        {
            index = Join(node.Left, node.Right);
            node.Left = _free;
            _free = here;
            Count--;
            return;
        }

        Remove(ref node.Precedes(deadline, sequence) ? ref node.Right : ref node.Left, deadline, sequence);
        Aggregate(here);
    }

    private void AggregateAll(int index)
    {
        if (index != 0)
        {
            AggregateAll(_nodes[index].Left);
            AggregateAll(_nodes[index].Right);
            Aggregate(index);
        }
    }

    private void Aggregate(int index)
    {
        ref var node = ref _nodes[index];
        ref var left = ref _nodes[node.Left];
        ref var right = ref _nodes[node.Right];
        var upTo = left.SubtreeWork + node.Work;
        node.SubtreeWork = upTo + right.SubtreeWork;
        node.SubtreeVariance = left.SubtreeVariance + node.Variance + right.SubtreeVariance;
        node.SubtreeSlack = Math.Min(left.SubtreeSlack, Math.Min(node.LatestEnd * _servers, right.SubtreeSlack) - upTo);
    }

    /// <summary>What the order puts before an item, and what it would put off.</summary>
    /// <param name="Work">The work before it.</param>
    /// <param name="Variance">The variance of that.</param>
    /// <param name="Slack">The least slack of those behind it; infinite when there are none.</param>
    [StructLayout(LayoutKind.Auto)]
    internal readonly record struct Ahead(double Work, double Variance, double Slack);

    [StructLayout(LayoutKind.Auto)]
    private struct Node
    {
        public long Deadline;
        public long Sequence;
        public int Left;
        public int Right;
        public uint Rank;
        public double Work;
        public double Variance;
        public double LatestEnd;
        public double SubtreeWork;
        public double SubtreeVariance;
        public double SubtreeSlack;

        public readonly bool Precedes(long deadline, long sequence) => Deadline != deadline ? Deadline < deadline : Sequence < sequence;
    }
}
