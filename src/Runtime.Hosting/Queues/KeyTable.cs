namespace Runtime.Hosting.Queues;

/// <summary>The concurrency keys of a queue that have live items, and no others.</summary>
/// <remarks>Not thread safe: used under the queue's lock.</remarks>
internal sealed class KeyTable
{
    private readonly Dictionary<string, KeyState> _keys = new(StringComparer.Ordinal);

    // The keys with blocked items: no more than there are running items, since a key blocks only while some of its items run.
    private readonly HashSet<KeyState> _blocking = [];

    public int Count => _keys.Count;

    /// <summary>How many items are blocked, over all keys.</summary>
    public int BlockedCount { get; private set; }

    public IReadOnlyCollection<KeyState> Blocking => _blocking;

    public KeyState Attach(string name, int limit)
    {
        if (!_keys.TryGetValue(name, out var key))
        {
            key = new KeyState(name);
            _keys.Add(name, key);
        }

        key.AddLimit(limit);
        return key;
    }

    /// <summary>Takes an item that is over off its key, and forgets a key without items.</summary>
    public void Detach(KeyState key, int limit)
    {
        key.RemoveLimit(limit);
        if (key.IsUnused)
        {
            _keys.Remove(key.Name);
        }
    }

    /// <summary>Blocks an item that has been taken from the lanes; it keeps its place in the order.</summary>
    public void Block(KeyState key, WorkHandle entry)
    {
        key.Block(entry);
        _blocking.Add(key);
        BlockedCount++;
    }

    /// <summary>Takes a blocked item out, wherever it stands.</summary>
    public void Remove(KeyState key, WorkHandle entry)
    {
        key.Blocked!.Remove(entry);
        OnTaken(key);
    }

    /// <summary>Takes the best blocked item of a key that has one.</summary>
    public WorkHandle TakeBest(KeyState key, long now, long threshold)
    {
        key.Blocked!.TryTake(now, threshold, out var item, out _);
        OnTaken(key);
        return item!;
    }

    private void OnTaken(KeyState key)
    {
        if (key.BlockedCount == 0)
        {
            _blocking.Remove(key);
        }

        BlockedCount--;
    }
}
