namespace Runtime.Jobs.Sqlite;

/// <summary>Where callers leave requests for the one thread that takes them, all that have come together at once.</summary>
/// <remarks>
/// Thread safe; one thread takes. A lock and a condition, not a blocking collection: that spins before it sleeps, which takes the processor from those it waits for, and wakes once for
/// each item.
/// </remarks>
internal sealed class SqliteMailbox
{
    // More at once would hold the first callers of a batch up for longer than a sync takes.
    private const int MostAtOnce = 512;

    private readonly object _lock = new();

    // Under the lock, as is all that follows.
    private List<ISqliteRequest> _arrived = [];
    private bool _isWaiting;
    private bool _isClosed;

    /// <summary>Leaves a request.</summary>
    /// <returns><see langword="false"/>: closed, nobody will take it.</returns>
    public bool TryAdd(ISqliteRequest request)
    {
        lock (_lock)
        {
            if (_isClosed)
            {
                return false;
            }

            _arrived.Add(request);
            if (_isWaiting)
            {
                _isWaiting = false;
                Monitor.Pulse(_lock);
            }

            return true;
        }
    }

    /// <summary>Takes no more; what is there is still taken.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _isClosed = true;
            Monitor.Pulse(_lock);
        }
    }

    /// <summary>Takes what is there, or waits for it.</summary>
    /// <param name="batch">Empty; takes the requests in order. None, when the time is up.</param>
    /// <param name="atMost">How long to wait.</param>
    /// <returns><see langword="false"/>: closed, and nothing is left.</returns>
    public bool Take(ref List<ISqliteRequest> batch, TimeSpan atMost)
    {
        lock (_lock)
        {
            if (_arrived.Count == 0 && !_isClosed)
            {
                _isWaiting = true;
                Monitor.Wait(_lock, atMost);
                _isWaiting = false;
            }

            if (_arrived.Count <= MostAtOnce)
            {
                (batch, _arrived) = (_arrived, batch);
            }
            else
            {
                batch.AddRange(_arrived.GetRange(0, MostAtOnce));
                _arrived.RemoveRange(0, MostAtOnce);
            }

            return batch.Count > 0 || !_isClosed;
        }
    }
}
