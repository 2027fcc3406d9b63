namespace Runtime.Core.Timing;

// What happens between a tick and the end of its callback, in one word:
//
//   bit 0    Closed   set once, by Close: no callback starts any more
//   bit 1    Queued   the work item is on its way to an executor: set by the tick that put it there, cleared by the start of the callback
//   rest     how many callbacks run now
//
// A tick that finds Queued set does nothing: the callback it asks for has not begun and will see all that the tick's
// thread has written, so it serves both. This keeps the work item, which is the queue's node, in at most one queue.
// A tick that finds callbacks running queues another one: callbacks overlap, as those of System.Threading.Timer do.
// After Closed is set the running count only falls, so "closed and none running" is final: whoever sees it may complete the waiter.
// Tests: CallbackGateTests, TimerStressTests.
internal struct CallbackGate
{
    private const int Closed = 1;
    private const int Queued = 2;
    private const int OneRunning = 4;

    // See the table above. Changed by anyone, only by interlocked operations.
    private int _state;

    // Completed when the gate is closed and nothing runs. Published by the first WhenIdle that has to wait, by compare-exchange.
    private TaskCompletionSource? _idle;

    public readonly bool IsClosed => (Volatile.Read(in _state) & Closed) != 0;

    /// <summary>A tick: says whether the caller is to queue the work item.</summary>
    public bool TryQueue() => (Interlocked.Or(ref _state, Queued) & (Queued | Closed)) == 0;

    /// <summary>The executor has come to the work item: says whether to call the callback, and then <see cref="Exit"/>.</summary>
    public bool TryEnter()
    {
        var state = Volatile.Read(ref _state);
        while (true)
        {
            var closed = (state & Closed) != 0;
            var next = (state & ~Queued) + (closed ? 0 : OneRunning);
            var seen = Interlocked.CompareExchange(ref _state, next, state);
            if (seen == state)
            {
                return !closed;
            }

            state = seen;
        }
    }

    /// <summary>A callback has ended.</summary>
    public void Exit()
    {
        if (IsFinal(Interlocked.Add(ref _state, -OneRunning)))
        {
            // Pairs with WhenIdle: it publishes the waiter, then looks at the state. Whoever comes second completes.
            Volatile.Read(ref _idle)?.TrySetResult();
        }
    }

    /// <summary>Lets no further callback start.</summary>
    public void Close() => Interlocked.Or(ref _state, Closed);

    /// <summary>Waits until no callback runs any more. Call it after <see cref="Close"/>.</summary>
    public ValueTask WhenIdle()
    {
        if (IsFinal(Volatile.Read(ref _state)))
        {
            return ValueTask.CompletedTask;
        }

        var created = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var idle = Interlocked.CompareExchange(ref _idle, created, null) ?? created;
        if (IsFinal(Volatile.Read(ref _state)))
        {
            idle.TrySetResult();
        }

        return new ValueTask(idle.Task);
    }

    private static bool IsFinal(int state) => (state & Closed) != 0 && state < OneRunning;
}
