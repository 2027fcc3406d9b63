namespace Runtime.Core.Model.Tests.Engine;

/// <summary>Takes every combination of decisions, depth first.</summary>
/// <remarks>
/// Two executions that differ only in the order of steps that do not concern each other lead to the same state. The states before each choice of
/// a thread are kept, as hashes over the happens-before graph, and not entered twice (Musuvathi and Qadeer's CHESS). Unlike sleep sets this is
/// sound together with a bound on preemptions: a state is entered again when it is reached with fewer of them.
/// </remarks>
internal sealed class DepthFirstStrategy : Strategy
{
    private readonly List<int> _taken = [];
    private readonly List<int> _counts = [];
    private readonly Dictionary<ulong, int> _seen = [];

    // How much of _taken the present execution has repeated or added.
    private int _depth;

    public override IReadOnlyList<int> Taken => _taken;

    public int States => _seen.Count;

    public override int Choose(int count)
    {
        if (_depth < _taken.Count)
        {
            if (_counts[_depth] != count)
            {
                throw new InvalidOperationException($"The scenario is not deterministic: {count} choices where there were {_counts[_depth]}.");
            }

            return _taken[_depth++];
        }

        _taken.Add(0);
        _counts.Add(count);
        _depth++;
        return 0;
    }

    public override bool HasSeen(ulong state, int preemptions)
    {
        if (_depth < _taken.Count)
        {
            return false; // on the way to what is to be tried next
        }

        if (_seen.TryGetValue(state, out var before) && before <= preemptions)
        {
            return true;
        }

        _seen[state] = preemptions;
        return false;
    }

    /// <summary>Goes on to the next combination.</summary>
    /// <returns><see langword="false"/> when there is none.</returns>
    public bool Advance()
    {
        _depth = 0;
        while (_taken.Count > 0)
        {
            var last = _taken.Count - 1;
            if (++_taken[last] < _counts[last])
            {
                return true;
            }

            _taken.RemoveAt(last);
            _counts.RemoveAt(last);
        }

        return false;
    }
}
