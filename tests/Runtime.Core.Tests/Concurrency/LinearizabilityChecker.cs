using System.Collections.Immutable;

namespace Runtime.Core.Tests.Concurrency;

/// <summary>One operation on a queue, as its caller saw it.</summary>
/// <param name="Kind">What was asked for.</param>
/// <param name="Items">What went in or came out.</param>
/// <param name="Begin">When it began, in ticks of a clock that all threads share.</param>
/// <param name="End">When it had ended.</param>
internal sealed record QueueOperation(QueueOperationKind Kind, ImmutableArray<int> Items, long Begin, long End);

internal enum QueueOperationKind
{
    /// <summary>Puts its items at the tail.</summary>
    Push,

    /// <summary>Takes its items from the head.</summary>
    Take,

    /// <summary>Finds the queue empty.</summary>
    FindEmpty,
}

/// <summary>
/// Is there an order of the operations that a queue without concurrency could have run in, and in which none comes before one that had ended
/// before it began? The search of Wing and Gong (1993), with Lowe's memory of what has been tried (2017).
/// </summary>
internal static class LinearizabilityChecker
{
    // A bit for each operation in the memory.
    private const int MostOperations = 64;

    public static bool IsLinearizable(IReadOnlyList<QueueOperation> history)
    {
        if (history.Count > MostOperations)
        {
            throw new ArgumentException($"At most {MostOperations} operations.", nameof(history));
        }

        return Search(history, 0, [], []);
    }

    private static bool Search(IReadOnlyList<QueueOperation> history, ulong done, ImmutableList<int> queue, HashSet<(ulong, string)> tried)
    {
        if (long.PopCount((long)done) == history.Count)
        {
            return true;
        }

        if (!tried.Add((done, string.Join(',', queue))))
        {
            return false;
        }

        var firstEnd = Pending(history, done).Min(static pending => pending.Operation.End);
        foreach (var (index, operation) in Pending(history, done))
        {
            // Only what had begun before the first of the others ended can be next.
            if (operation.Begin <= firstEnd && Apply(operation, queue) is { } next && Search(history, done | (1UL << index), next, tried))
            {
                return true;
            }
        }

        return false;
    }

    private static IEnumerable<(int Index, QueueOperation Operation)> Pending(IReadOnlyList<QueueOperation> history, ulong done) =>
        history.Select(static (operation, index) => (index, operation)).Where(pending => (done & (1UL << pending.index)) == 0);

    private static ImmutableList<int>? Apply(QueueOperation operation, ImmutableList<int> queue) => operation.Kind switch
    {
        QueueOperationKind.Push => queue.AddRange(operation.Items),
        QueueOperationKind.FindEmpty => queue.IsEmpty ? queue : null,
        _ => queue.Take(operation.Items.Length).SequenceEqual(operation.Items) ? queue.RemoveRange(0, operation.Items.Length) : null,
    };
}
