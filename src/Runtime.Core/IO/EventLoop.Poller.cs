using Runtime.Core.Concurrency;
using Runtime.Core.Scheduling;

namespace Runtime.Core.IO;

// The loop as the scheduler sees it. One thread at a time is inside: what is plain here is its own, handed over by _inside.
public sealed partial class EventLoop : IIdlePoller
{
    // A busy worker comes by every 800 µs of work; one that has not for so long is stuck.
    private const long OverdueMilliseconds = 2;

    // 1 while a thread is inside.
    private AtomicInt32 _inside;

    // When somebody last was, in milliseconds.
    private long _lastInside;

    // When the first registration was made, after there had been none; under _lock.
    private long _wantedSince;

    // Counters. Written inside; wake-ups by anyone, by Interlocked.
    private long _polls;
    private long _waits;
    private long _wakeUps;

    bool IIdlePoller.IsWanted => _table.Count != 0;

    bool IIdlePoller.IsOverdue => _inside.Value == 0 && MonotonicClock.Milliseconds - Volatile.Read(ref _lastInside) > OverdueMilliseconds;

    // How long nobody has looked although there is something to look for; zero while somebody waits inside.
    private TimeSpan Unattended => _table.Count == 0 || _inside.Value != 0
        ? TimeSpan.Zero
        : TimeSpan.FromMilliseconds(Math.Max(0, MonotonicClock.Milliseconds - Math.Max(Volatile.Read(ref _lastInside), Volatile.Read(ref _wantedSince))));

    bool IIdlePoller.TryEnter() => _inside.Value == 0 && _inside.CompareExchange(1, 0) == 0;

    bool IIdlePoller.Poll(bool wait)
    {
        Volatile.Write(ref _polls, _polls + 1);
        if (wait)
        {
            Volatile.Write(ref _waits, _waits + 1);
        }

        try
        {
            return _queues.Fill(_demultiplexer!, wait); // the count that made somebody come here was written after it
        }
        catch (ObjectDisposedException)
        {
            return false; // the stop; whoever waits here is told by it, too
        }
    }

    void IIdlePoller.Serve() => _queues.Serve();

    void IIdlePoller.Leave()
    {
        Volatile.Write(ref _lastInside, MonotonicClock.Milliseconds);
        _inside.Value = 0; // release: what was plain inside is the next one's
    }

    void IIdlePoller.Wake()
    {
        Interlocked.Increment(ref _wakeUps);
        _demultiplexer!.Wake();
    }
}
