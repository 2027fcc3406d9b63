using System.Collections.Concurrent;

namespace Runtime.Core.Scheduling;

/// <summary>Starts threads with the priority that the process has, whoever asks for them.</summary>
/// <remarks>
/// On Linux a thread begins with the priority of the one that starts it, and an unprivileged one cannot raise its own. A worker that stands back, or a thread that its work has made, must not
/// pass that on to threads of another level. So only a thread that stands where <see cref="Begin"/> was called starts one itself; for the others the monitor does, which stands there too.
/// Thread safe. No request is lost: it is queued, then <c>_ended</c> is read; the monitor writes <c>_ended</c>, then starts what is queued. Both are fences.
/// </remarks>
internal sealed class ThreadStarter(Action wakeMonitor)
{
    private readonly ConcurrentQueue<(Action Start, Action<Exception> OnRefused)> _waiting = new();

    // Policy and nice value of the thread that called Begin; written once, before any other thread of the runtime runs.
    private (int Policy, int Nice) _ordinary;

    // Whether the monitor has gone; then everybody starts threads. Written by it.
    private int _ended;

    /// <summary>The calling thread stands where threads are to begin.</summary>
    public void Begin() => _ordinary = ThreadPriorities.Current;

    /// <summary>Starts a thread, or has it started in a moment.</summary>
    /// <param name="start">Starts it.</param>
    /// <param name="onRefused">Called, on another thread, when that throws there; what it throws here reaches the caller.</param>
    public void Start(Action start, Action<Exception> onRefused)
    {
        if (ThreadPriorities.Current == _ordinary)
        {
            start();
            return;
        }

        _waiting.Enqueue((start, onRefused));
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _ended) != 0)
        {
            StartWaiting();
        }
        else
        {
            wakeMonitor();
        }
    }

    /// <summary>Starts what waits. By the monitor.</summary>
    public void StartWaiting()
    {
        while (_waiting.TryDequeue(out var thread))
        {
            try
            {
                thread.Start();
            }
            catch (Exception exception)
            {
                thread.OnRefused(exception); // the system has no thread left
            }
        }
    }

    /// <summary>Starts what waits for the last time. By the monitor, at its end.</summary>
    public void End()
    {
        Interlocked.Exchange(ref _ended, 1);
        StartWaiting();
    }
}
