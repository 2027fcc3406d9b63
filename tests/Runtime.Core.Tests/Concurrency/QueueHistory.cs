namespace Runtime.Core.Tests.Concurrency;

/// <summary>Records what several threads do to one queue.</summary>
internal sealed class QueueHistory
{
    private readonly List<QueueOperation>[] _byThread;

    // The clock: every reading is a step.
    private long _now;

    public QueueHistory(int threads) => _byThread = [.. Enumerable.Range(0, threads).Select(static _ => new List<QueueOperation>())];

    public IReadOnlyList<QueueOperation> All => [.. _byThread.SelectMany(static operations => operations).OrderBy(static operation => operation.Begin)];

    public void Push(int thread, int[] items, Action push)
    {
        var begin = Interlocked.Increment(ref _now);
        push();
        Add(thread, QueueOperationKind.Push, items, begin);
    }

    /// <summary>Records a take of what the function returns: nothing means that it found the queue empty, <see langword="null"/> that it says nothing.</summary>
    public void Take(int thread, Func<IReadOnlyList<int>?> take)
    {
        var begin = Interlocked.Increment(ref _now);
        if (take() is { } items)
        {
            Add(thread, items.Count == 0 ? QueueOperationKind.FindEmpty : QueueOperationKind.Take, items, begin);
        }
    }

    public override string ToString() =>
        string.Join('\n', All.Select(static operation => $"[{operation.Begin}, {operation.End}] {operation.Kind} {string.Join(' ', operation.Items)}"));

    private void Add(int thread, QueueOperationKind kind, IEnumerable<int> items, long begin) =>
        _byThread[thread].Add(new QueueOperation(kind, [.. items], begin, Interlocked.Increment(ref _now)));
}
