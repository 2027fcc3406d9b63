namespace Runtime.Core.Execution;

/// <summary>Brings continuations home: what is posted here runs on a worker of the runtime, at the priority and deadline of the work it belongs to.</summary>
/// <remarks>
/// One shared instance for each priority serves all work without a deadline; work with a deadline, and work that wants to find its
/// owner again, gets one of its own. Immutable and thread safe. After the stop posts go to the ThreadPool.
/// </remarks>
internal sealed class RuntimeSynchronizationContext(WorkDispatcher dispatcher, TaskPriority priority, long deadlineTicks, object? owner) : SynchronizationContext
{
    // A callback item that is free. An await at a time is the rule, so one is enough for a context that one piece of work has to itself; taken and given back by exchange.
    private CallbackItem? _spare;

    // More of them, linked, for a context that much work shares; under its lock, which is taken only when the spare one is in use.
    private const int MostFree = 256;
    private readonly Lock _freeLock = new();
    private CallbackItem? _free;
    private int _freeCount;

    public WorkDispatcher Dispatcher => dispatcher;

    public TaskPriority Priority => priority;

    public long DeadlineTicks => deadlineTicks;

    /// <summary>Whose continuations these are; <see langword="null"/> for a shared context.</summary>
    public object? Owner => owner;

    /// <summary>The context that the calling code was started under, whatever it has awaited since.</summary>
    public static new RuntimeSynchronizationContext? Current => SynchronizationContext.Current as RuntimeSynchronizationContext;

    /// <summary>Queues a callback. Never refused.</summary>
    public override void Post(SendOrPostCallback d, object? state)
    {
        ArgumentNullException.ThrowIfNull(d);
        if (IsShared && priority == TaskPriority.Normal && state is Action continuation && AwaitCallbacks.Contains(d))
        {
            dispatcher.DispatchWoken(continuation); // what the callback would do is to call it
            return;
        }

        var item = Take();
        item.Prepare(d, state);
        dispatcher.DispatchWoken(item);
    }

    private CallbackItem Take()
    {
        if (Interlocked.Exchange(ref _spare, null) is { } spare)
        {
            return spare;
        }

        if (Volatile.Read(ref _freeCount) > 0)
        {
            lock (_freeLock)
            {
                if (_free is { } item)
                {
                    _free = item.NextFree;
                    item.NextFree = null;
                    _freeCount--;
                    return item;
                }
            }
        }

        return new CallbackItem(this);
    }

    private void Return(CallbackItem item)
    {
        if (Interlocked.CompareExchange(ref _spare, item, null) is null || !IsShared)
        {
            return;
        }

        lock (_freeLock)
        {
            if (_freeCount < MostFree)
            {
                item.NextFree = _free;
                _free = item;
                _freeCount++;
            }
        }
    }

    /// <summary>Whether it belongs to no work in particular.</summary>
    private bool IsShared => owner is null && deadlineTicks == long.MaxValue;

    /// <summary>Queues the continuation of a yield behind everything of its priority that waits.</summary>
    public void Yield(Action continuation)
    {
        if (IsShared && priority == TaskPriority.Normal)
        {
            dispatcher.DispatchYielded(continuation);
            return;
        }

        var item = Take();
        item.Prepare(static state => ((Action)state!)(), continuation);
        dispatcher.DispatchYielded(item);
    }

    /// <summary>Runs a callback on a worker and waits for it; at once when the caller is on one.</summary>
    public override void Send(SendOrPostCallback d, object? state)
    {
        ArgumentNullException.ThrowIfNull(d);
        if (WorkDispatcher.Current == dispatcher)
        {
            d(state);
            return;
        }

        using var done = new ManualResetEventSlim();
        Exception? failure = null;
        Post(
            _ =>
            {
                try
                {
                    d(state);
                }
                catch (Exception exception)
                {
                    failure = exception;
                }

                done.Set();
            },
            state: null);
        done.Wait();
        if (failure is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        }
    }

    /// <summary>The context itself: awaits compare contexts by reference to find out whether they are home already.</summary>
    public override SynchronizationContext CreateCopy() => this;

    /// <summary>Installs the context for the item that runs now: the worker has installed the shared one of the priority, and this one may say more.</summary>
    /// <remarks>Whatever the item before left behind. On the ThreadPool, after the stop, no context belongs: what is awaited there stays there.</remarks>
    public void Enter()
    {
        if (WorkDispatcher.Current == dispatcher)
        {
            SetSynchronizationContext(this);
        }
    }

    /// <summary>A callback on its way to a worker. It goes back to its context before the callback is called.</summary>
    private sealed class CallbackItem : WorkItem
    {
        private readonly RuntimeSynchronizationContext _context;
        private SendOrPostCallback? _callback;

        /// <summary>The next free one.</summary>
        public CallbackItem? NextFree;

        private object? _state;

        public CallbackItem(RuntimeSynchronizationContext context)
        {
            _context = context;
            Priority = context.Priority;
            DeadlineTicks = context.DeadlineTicks;
        }

        internal override Delegate? Body => _state as Action ?? (Delegate?)_callback;

        public void Prepare(SendOrPostCallback callback, object? state)
        {
            _callback = callback;
            _state = state;
        }

        internal override void Run()
        {
            var context = _context;
            var callback = _callback!;
            var state = _state;
            _callback = null;
            _state = null;
            context.Return(this);
            context.Enter();
            callback(state);
        }

        protected override void Execute() => Run();
    }
}
