using System.Runtime.InteropServices;

namespace Runtime.Hosting.Queues;

/// <summary>What a change under the queue's lock leaves to be done after it, on the thread that made the change.</summary>
/// <remarks>A struct on the stack: the usual change leaves nothing, or one pump to dispatch.</remarks>
[StructLayout(LayoutKind.Auto)]
internal struct Afterwork
{
    // Pumps to dispatch, linked by Next; their priority and deadline are set.
    private QueuePump? _pumps;

    // Items that ended without running.
    private List<WorkHandle>? _ended;

    // Enqueues that have their answer, linked by NextReleased in the order of arrival.
    private EnqueueWaiter? _released;
    private EnqueueWaiter? _lastReleased;

    // How many dropped items the log is to tell of; 0 for no line.
    private long _drops;

    /// <summary>Whether the worker that makes the change goes on to look for other work at once.</summary>
    public bool WorkerIsFree;

    // The drain that has reached its end.
    private TaskCompletionSource? _drained;

    public void AddPump(QueuePump pump)
    {
        pump.Next = _pumps;
        _pumps = pump;
    }

    public void AddEnded(WorkHandle entry) => (_ended ??= []).Add(entry);

    public void AddReleased(EnqueueWaiter waiter)
    {
        if (_released is null)
        {
            _released = waiter;
        }
        else
        {
            _lastReleased!.NextReleased = waiter;
        }

        _lastReleased = waiter;
    }

    public void AddDrops(long count) => _drops += count;

    public void SetDrained(TaskCompletionSource drained) => _drained = drained;

    /// <summary>Does it. Never under the lock.</summary>
    public readonly void Run(BackgroundQueue queue)
    {
        if (_ended is not null || _released is not null || _drops > 0 || _drained is not null)
        {
            RunRest(queue);
        }

        // Last: a dispatched pump may run, end and be dispatched again before this returns.
        for (var pump = _pumps; pump is not null;)
        {
            var next = (QueuePump?)pump.Next;
            pump.Next = null;
            queue.Dispatch(pump);
            pump = next;
        }
    }

    private readonly void RunRest(BackgroundQueue queue)
    {
        foreach (var entry in _ended ?? [])
        {
            queue.AfterEndedUnstarted(entry);
        }

        for (var waiter = _released; waiter is not null; waiter = waiter.NextReleased)
        {
            queue.AfterReleased(waiter);
        }

        if (_drops > 0)
        {
            queue.AfterDrops(_drops);
        }

        _drained?.TrySetResult();
    }
}
