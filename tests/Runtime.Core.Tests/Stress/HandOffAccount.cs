using System.Collections.Concurrent;

namespace Runtime.Core.Tests.Stress;

/// <summary>All batons of a run, and what was found wrong with them.</summary>
internal sealed class HandOffAccount : IDisposable
{
    // More of them say nothing new.
    private const int MostFaults = 20;

    private readonly ConcurrentQueue<string> _faults = new();
    private readonly ManualResetEventSlim _finished = new();

    // Filled before the run begins.
    private readonly List<Baton> _batons = [];

    // Batons that have not had all their hand-offs; interlocked.
    private int _left;

    public IReadOnlyList<Baton> Batons => _batons;

    public IReadOnlyCollection<string> Faults => _faults;

    /// <summary>Set when every baton has had all its hand-offs.</summary>
    public ManualResetEventSlim Finished => _finished;

    /// <summary>How many hand-offs there have been. Looks at every baton, so that a hand-off itself counts on nothing shared.</summary>
    public long HandOffs => _batons.Sum(static baton => baton.Count);

    /// <summary>How many of them the runtime's ledger does not count.</summary>
    public long Continued => _batons.Sum(static baton => baton.Continued);

    public int NextId => _batons.Count;

    public T Add<T>(T baton)
        where T : Baton
    {
        _batons.Add(baton);
        _left++;
        return baton;
    }

    /// <summary>A baton has had its last hand-off.</summary>
    public void OnFinished()
    {
        if (Interlocked.Decrement(ref _left) == 0)
        {
            _finished.Set();
        }
    }

    public void OnDoubled(Baton baton) => Add($"Doubled: {baton} has arrived without having been passed.");

    public void OnFailure(Baton baton, Exception exception) => Add($"Failed: {baton}: {exception}");

    /// <summary>What is wrong after a run that has finished and whose runtime has stopped.</summary>
    public IEnumerable<string> Problems() => _faults.Concat(_batons
        .Where(static baton => baton.IsWaiting || baton.Count != baton.Quota)
        .Select(static baton => $"Miscounted: {baton}{(baton.IsWaiting ? ", and one more that has not arrived" : "")}.")
        .Take(MostFaults));

    public void Dispose() => _finished.Dispose();

    private void Add(string fault)
    {
        if (_faults.Count < MostFaults)
        {
            _faults.Enqueue(fault);
        }
    }
}
