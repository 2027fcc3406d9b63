namespace Runtime.Core.Execution;

/// <summary>Brings continuations home: what is posted here runs on a worker of the runtime, at the priority and deadline of the work it belongs to.</summary>
/// <remarks>
/// One shared instance for each priority serves all work without a deadline; work with a deadline, and work that wants to find its
/// owner again, gets one of its own. Immutable and thread safe. After the stop posts go to the ThreadPool.
/// </remarks>
internal sealed class RuntimeSynchronizationContext(WorkDispatcher dispatcher, TaskPriority priority, long deadlineTicks, object? owner) : SynchronizationContext
{
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
        dispatcher.Dispatch(new CallbackItem(this, d, state));
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

    /// <summary>A callback on its way to a worker.</summary>
    private sealed class CallbackItem : WorkItem
    {
        private readonly RuntimeSynchronizationContext _context;
        private readonly SendOrPostCallback _callback;
        private readonly object? _state;

        public CallbackItem(RuntimeSynchronizationContext context, SendOrPostCallback callback, object? state)
        {
            _context = context;
            _callback = callback;
            _state = state;
            Priority = context.Priority;
            DeadlineTicks = context.DeadlineTicks;
        }

        internal override void Run()
        {
            _context.Enter();
            _callback(_state);
        }

        protected override void Execute() => Run();
    }
}
