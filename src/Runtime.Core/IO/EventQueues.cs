namespace Runtime.Core.IO;

/// <summary>What one look has found, in layers: errors go first, then everything that is merely ready. Wake-ups have ended the wait before, and timers have a thread and queues of their own.</summary>
/// <remarks>For the thread that is inside the poller. Never more than one batch.</remarks>
internal sealed class EventQueues(RegistrationTable table)
{
    private readonly ReadyEvent[] _found = new ReadyEvent[EventLoop.BatchSize];
    private int _count;
    private bool _hasUrgent;

    // Counters. Written inside the poller, read by snapshots.
    private long _events;
    private long _stale;

    public long Events => Volatile.Read(ref _events);

    /// <summary>How many were of registrations that are gone.</summary>
    public long Stale => Volatile.Read(ref _stale);

    /// <summary>Fills the queues.</summary>
    public bool Fill(Demultiplexer demultiplexer, bool wait)
    {
        _count = demultiplexer.Wait(_found, wait);
        _hasUrgent = false;
        foreach (ref readonly var found in _found.AsSpan(0, _count))
        {
            _hasUrgent |= (found.Events & IoEvents.Error) != IoEvents.None;
        }

        return _count > 0;
    }

    /// <summary>Empties them, the urgent one first.</summary>
    public void Serve()
    {
        var found = _found.AsSpan(0, _count);
        _count = 0;
        if (_hasUrgent)
        {
            foreach (ref readonly var urgent in found)
            {
                if ((urgent.Events & IoEvents.Error) != IoEvents.None)
                {
                    table.Find(urgent.Token)?.RaiseError(urgent.Events);
                }
            }
        }

        var stale = 0;
        foreach (ref readonly var bulk in found)
        {
            if (table.Find(bulk.Token) is { } registration)
            {
                registration.RaiseBulk(bulk.Events);
            }
            else
            {
                stale++;
            }
        }

        Volatile.Write(ref _events, _events + found.Length);
        Volatile.Write(ref _stale, _stale + stale);
    }
}
