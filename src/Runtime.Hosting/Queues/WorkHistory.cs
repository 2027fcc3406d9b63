using System.Diagnostics.CodeAnalysis;

namespace Runtime.Hosting.Queues;

/// <summary>The items of one queue that can be found by id: the live ones, and the latest finished ones.</summary>
/// <remarks>
/// Not thread safe: used under the queue's lock. Only items whose id has been read are here, since nobody can ask for another one; so
/// tracking costs nothing for work that is never looked up. Finished items are counted (<see cref="WorkHandle.FinishOrdinal"/>), and
/// an item is remembered while fewer than <c>limit</c> items have finished after it, whether or not those are in here.
/// </remarks>
internal sealed class WorkHistory
{
    // Every item that can be found, by its number in the queue.
    private readonly Dictionary<long, WorkHandle> _known = [];

    // The finished ones among them, roughly in the order in which they finished; exact for all but those whose id was read after their end.
    private readonly Queue<WorkHandle> _finished = new();

    public int Count => _known.Count;

    /// <summary>Makes an item findable. Called once for an item, when its id is read for the first time.</summary>
    public void Add(WorkHandle entry, long finishedCount, int limit)
    {
        if (!entry.IsOver)
        {
            _known.Add(entry.Number, entry);
        }
        else if (IsRemembered(entry, finishedCount, limit))
        {
            _known.Add(entry.Number, entry);
            _finished.Enqueue(entry);
        }
    }

    /// <summary>Notes that an item that is in here has finished.</summary>
    public void OnFinished(WorkHandle entry) => _finished.Enqueue(entry);

    /// <summary>Forgets what is older than the limit.</summary>
    public void Trim(long finishedCount, int limit)
    {
        while (_finished.TryPeek(out var oldest) && !IsRemembered(oldest, finishedCount, limit))
        {
            _ = _finished.Dequeue();
            _known.Remove(oldest.Number);
        }
    }

    public bool TryFind(long number, ulong secret, long finishedCount, int limit, [NotNullWhen(true)] out WorkHandle? entry) =>
        _known.TryGetValue(number, out entry)
        && entry.Extras!.Secret == secret
        && (!entry.IsOver || IsRemembered(entry, finishedCount, limit));

    // One without an ordinal has ended this moment.
    private static bool IsRemembered(WorkHandle entry, long finishedCount, int limit) => entry.FinishOrdinal == 0 || finishedCount - entry.FinishOrdinal < limit;
}
