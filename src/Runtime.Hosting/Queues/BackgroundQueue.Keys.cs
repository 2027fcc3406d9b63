namespace Runtime.Hosting.Queues;

// Concurrency keys. An item whose key is at its limit leaves the lanes when it comes up, and waits in its key's line; so it holds up
// no item of another key. When an item of the key ends, the best of the line go back to the place in the lanes that they had.
internal sealed partial class BackgroundQueue
{
    /// <summary>How many concurrency keys have live items: what the queue remembers of keys at all.</summary>
    public int LiveKeys
    {
        get
        {
            lock (_lock)
            {
                return _keys.Count;
            }
        }
    }

    /// <summary>How many share keys have items waiting: what the queue remembers of share keys at all. One that has items of several priorities counts in each.</summary>
    public int ShareKeys
    {
        get
        {
            lock (_lock)
            {
                return Enumerable.Range(0, WorkLanes.Levels).Sum(_lanes.ShareKeysOf);
            }
        }
    }

    // For an item just taken from the lanes: starts it for its key, or puts it in the key's line.
    private bool TryEnterKey_NeedsLock(KeyState key, WorkHandle entry)
    {
        key.InLanes--;
        if (key.IsSaturated)
        {
            _keys.Block(key, entry);
            return false;
        }

        key.Running++;
        return true;
    }

    // An item of the key is over, or a queued one with a smaller limit is gone. The caller sees to a pump for what is released.
    private void LeaveKey_NeedsLock(KeyState key, WorkHandle entry, bool started, long now)
    {
        if (started)
        {
            key.Running--;
        }

        _keys.Detach(key, entry.Options.ConcurrencyLimit);
        for (var count = key.Releasable; count > 0; count--)
        {
            var released = _keys.TakeBest(key, now, _settings.StarvationTicks);
            key.InLanes++;
            RecallBehind_NeedsLock(released, now);
            _lanes.Add(released);
        }
    }
}
