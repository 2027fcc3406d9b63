using System.Collections.Concurrent;

namespace Runtime.Core.Tuning;

/// <summary>Runs actions one after another, on whichever caller comes first; no caller waits for another.</summary>
/// <remarks>
/// Thread safe. Like a lock that hands its work over instead of blocking: code of the user runs in here, and must not run under a lock.
/// An action may post another one; it runs after it. What an action throws reaches whoever runs it; the others still run.
/// </remarks>
internal sealed class SerialWork
{
    private readonly ConcurrentQueue<Action> _actions = new();

    // 1 while somebody runs actions. By Interlocked; whoever sets it runs them until there are none.
    private int _running;

    /// <summary>Runs an action, now or right after those that are under way.</summary>
    public void Run(Action action)
    {
        _actions.Enqueue(action);
        while (!_actions.IsEmpty && Interlocked.Exchange(ref _running, 1) == 0) // again after leaving: an action may have come in between
        {
            try
            {
                while (_actions.TryDequeue(out var next))
                {
                    next();
                }
            }
            finally
            {
                Volatile.Write(ref _running, 0);
            }
        }
    }
}
