namespace Runtime.Core.Tuning;

/// <summary>The latest decisions, oldest first.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class DecisionLog
{
    /// <summary>How many are kept: a busy hour of five-second samples with a change at every third.</summary>
    public const int Capacity = 256;

    private readonly Lock _lock = new();
    private readonly Queue<TuningDecision> _decisions = new();

    public void Add(TuningDecision decision)
    {
        lock (_lock)
        {
            if (_decisions.Count == Capacity)
            {
                _decisions.Dequeue();
            }

            _decisions.Enqueue(decision);
        }
    }

    public IReadOnlyList<TuningDecision> ToList()
    {
        lock (_lock)
        {
            return [.. _decisions];
        }
    }
}
