using System.Diagnostics.CodeAnalysis;
using Runtime.Core.Lifecycle;
using Runtime.Core.Scheduling;

namespace Runtime.Core.Execution;

/// <summary>Where the work of one runtime is sent: to the scheduler's workers, or, before the start and after the stop, to the ThreadPool.</summary>
/// <remarks>Thread safe. It is what contexts, task schedulers and spawned work hold on to; the runtime around it is only <see cref="Owner"/> to them.</remarks>
[SuppressMessage("Design", "MA0046:Use EventHandler<T> to declare events", Justification = "Internal notifications without a sender")]
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "The source owns no timer and no handle")]
internal sealed class WorkDispatcher : ISchedulerHost
{
    private readonly RuntimeLifecycle _lifecycle;
    private readonly RuntimeSynchronizationContext[] _contexts;

    // Cancelled when the drain is over. Never disposed: it owns no timer and no handle, and its token stays readable after the stop.
    private readonly CancellationTokenSource _stopping = new();

    // Exceptions that no task carried; by Interlocked.
    private long _unhandled;

    // The latest problem with thread priorities.
    private volatile string? _isolationProblem;

    public WorkDispatcher(object owner, RuntimeLifecycle lifecycle, AsyncRuntimeOptions options)
    {
        Owner = owner;
        _lifecycle = lifecycle;
        _contexts = [.. Enum.GetValues<TaskPriority>().Select(priority => new RuntimeSynchronizationContext(this, priority, long.MaxValue, owner: null))];
        PlainOrigin = new SpawnOrigin(this);
        Scheduler = new Scheduler(this, Ledger, options);
        Blocking = new BlockingPool($"{options.ThreadNamePrefix}-blocking", this, options.Isolation);
    }

    /// <summary>The dispatcher on one of whose workers the caller is running.</summary>
    public static WorkDispatcher? Current => Worker.Current?.Scheduler.Host as WorkDispatcher;

    public object Owner { get; }

    public Scheduler Scheduler { get; }

    public BlockingPool Blocking { get; }

    public WorkLedger Ledger { get; } = new();

    public ItemPool Pool { get; } = new();

    /// <summary>The origin of spawned work that has nothing of its own but its delegate.</summary>
    public SpawnOrigin PlainOrigin { get; }

    public CancellationToken Stopping => _stopping.Token;

    public long Unhandled => Interlocked.Read(ref _unhandled);

    /// <summary>Why threads do not have the priority that the options ask for, or <see langword="null"/> when they do.</summary>
    public string? IsolationProblem => _isolationProblem;

    /// <summary>Raised, on the thread concerned, for an exception that no task carries.</summary>
    public event Action<Exception>? UnhandledException;

    /// <summary>Raised, on the monitor's thread, when an item has blocked its worker for a while.</summary>
    public event Action<BlockedWorker>? WorkerBlocked;

    /// <summary>Raised once after <see cref="Scheduler.WatchForActivity"/>, on a worker, when there is work again.</summary>
    public event Action? ActivityResumed;

    /// <summary>Queues an item with its priority and deadline set. Never refused.</summary>
    public void Dispatch(WorkItem item)
    {
        if (IsStarted)
        {
            Scheduler.Submit(item, Scheduler.CurrentWorker);
        }
        else
        {
            RunOnThreadPool(item);
        }
    }

    /// <summary>As <see cref="Dispatch"/>, for work that has been waiting for something that has happened.</summary>
    public void DispatchWoken(WorkItem item)
    {
        if (IsStarted)
        {
            Scheduler.SubmitWoken(item);
        }
        else
        {
            RunOnThreadPool(item);
        }
    }

    /// <summary>As <see cref="DispatchWoken(WorkItem)"/>, for the continuation of an await in plain work: queued as it is.</summary>
    public void DispatchWoken(Action continuation)
    {
        if (IsStarted)
        {
            Scheduler.SubmitWoken(continuation);
        }
        else
        {
            RunOnThreadPool(continuation);
        }
    }

    /// <summary>Queues what gives up its turn.</summary>
    public void DispatchYielded(WorkItem item) => Scheduler.SubmitYielded(item);

    /// <summary>Queues the continuation of a yield in plain work.</summary>
    public void DispatchYielded(Action continuation) => Scheduler.SubmitYielded(continuation);

    /// <summary>As <see cref="Dispatch"/>, but behind everything of its priority.</summary>
    public void DispatchToBack(WorkItem item, WakeHint wake) => Scheduler.SubmitToBack(item, wake);

    /// <summary>Runs an item on a thread of the blocking pool, while the runtime runs.</summary>
    public bool TryDispatchBlocking(WorkItem item) => _lifecycle.State == RuntimeState.Running && Blocking.TrySubmit(item);

    /// <summary>Cancels the token of all work.</summary>
    public Task CancelAsync() => _stopping.CancelAsync();

    /// <summary>Closes the blocking pool; calls that wait for a thread end as cancelled.</summary>
    public void CloseBlocking()
    {
        foreach (var item in Blocking.Close())
        {
            RunElsewhere(item);
        }
    }

    /// <summary>The caller's execution context, or <see langword="null"/> when there is nothing in it.</summary>
    public ExecutionContext? CaptureExecutionContext()
    {
        var context = ExecutionContext.Capture();
        return context == Scheduler.CleanContext ? null : context;
    }

    public SynchronizationContext ContextOf(TaskPriority priority) => _contexts[(int)priority];

    /// <summary>Starts a thread of the blocking pool; see <see cref="ThreadStarter"/>.</summary>
    public void StartThread(Action start, Action<Exception> onRefused) => Scheduler.Threads.Start(start, onRefused);

    /// <summary>Gives the calling thread its place behind the requests, or notes why it has none.</summary>
    public void PrepareThread(WorkerIsolation isolation)
    {
        if (ThreadPriorities.Apply(isolation) is { } problem)
        {
            _isolationProblem = problem;
        }
    }

    public void OnUnhandled(Exception exception) => ReportUnhandled(exception);

    public void OnIsolationRefused(string problem) => _isolationProblem = problem;

    public void OnActivity() => Tell(ActivityResumed);

    public void OnWorkerBlocked(Worker worker, object item, TimeSpan duration) => Tell(() => WorkerBlocked?.Invoke(new BlockedWorker(worker.Name, WorkDescription.Of(item), duration)));

    public void RunElsewhere(QueueEntry entry)
    {
        if (entry.Mode == EntryMode.Posted)
        {
            Ledger.Finish(WorkOutcome.Cancelled, late: false); // workers have ended, so the stop has begun
        }
        else
        {
            RunElsewhere(entry.Item);
        }
    }

    public void RunElsewhere(object item)
    {
        // Work that never started ends as cancelled; a continuation belongs to work that did start and must go on, if not here.
        if (_lifecycle.State < RuntimeState.ShuttingDown || item is not IRunnable work || !work.TryCancelUnstarted())
        {
            RunOnThreadPool(item);
        }
    }

    private bool IsStarted => _lifecycle.State != RuntimeState.Uninitialized;

    private void RunOnThreadPool(object item) =>
        ThreadPool.UnsafeQueueUserWorkItem(
            static pair =>
            {
                try
                {
                    if (pair.item is Action continuation)
                    {
                        continuation();
                    }
                    else
                    {
                        ((IRunnable)pair.item).RunElsewhere();
                    }
                }
                catch (Exception exception)
                {
                    pair.self.ReportUnhandled(exception);
                }
            },
            (self: this, item),
            preferLocal: false);

    // Those who listen write logs, among others, and are called on threads that must not end: what they throw is counted and reported like what a callback throws.
    private void Tell(Action? listener)
    {
        try
        {
            listener?.Invoke();
        }
        catch (Exception exception)
        {
            ReportUnhandled(exception);
        }
    }

    private void ReportUnhandled(Exception exception)
    {
        Interlocked.Increment(ref _unhandled);
        try
        {
            UnhandledException?.Invoke(exception);
        }
        catch (Exception)
        {
            // There is nobody left to tell; the exception that mattered has been counted.
        }
    }
}
