namespace Runtime.Hosting.Queues;

/// <summary>Lets all observable instruments of one collection report from the same snapshots, so that their numbers add up.</summary>
/// <remarks>
/// Thread safe. An instrument's callback does not know which collection it belongs to. But in each collection every instrument is asked
/// once: so one that has reported the present snapshots already begins a new round, and the others follow it. A round is used for a
/// second at most, in case a listener asks for some instruments only.
/// </remarks>
internal sealed class SnapshotRound(QueueClock clock, Func<IReadOnlyList<QueueSnapshot>> snapshots)
{
    private readonly Lock _lock = new();

    // The last round each seat has reported, the present round, when it began and what it holds. All under the lock.
    private readonly List<long> _reported = [];
    private long _round;
    private long _begun;
    private IReadOnlyList<QueueSnapshot> _present = [];

    /// <summary>Adds an instrument.</summary>
    public int AddSeat()
    {
        lock (_lock)
        {
            _reported.Add(0);
            return _reported.Count - 1;
        }
    }

    public IReadOnlyList<QueueSnapshot> Take(int seat)
    {
        lock (_lock)
        {
            var now = clock.Now;
            if (_reported[seat] == _round || now - _begun > clock.Frequency)
            {
                _present = snapshots();
                _begun = now;
                _round++;
            }

            _reported[seat] = _round;
            return _present;
        }
    }
}
