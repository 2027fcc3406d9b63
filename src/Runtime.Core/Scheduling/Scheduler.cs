using System.Diagnostics;
using Runtime.Core.Concurrency;

namespace Runtime.Core.Scheduling;

/// <summary>The work-stealing, priority-aware scheduler: workers, their queues, the injector and the lanes. See README.md in this folder.</summary>
/// <remarks>Thread safe. It knows neither tasks nor timers; it runs <see cref="WorkItem"/>s and tells its <see cref="ISchedulerHost"/> what happens.</remarks>
internal sealed partial class Scheduler
{
    private readonly ISchedulerHost _host;

    // Swapped whole by Reconfigure.
    private volatile SchedulerSettings _settings;

    // Set once by CloseAsync; read by every worker each round.
    private volatile bool _closed;

    // The default execution context; the same object in every worker, so it does not matter who wrote it last.
    private volatile ExecutionContext? _cleanContext;

    // Set while somebody wants to hear of the next unpark; cleared by the worker that tells.
    private int _activityWanted;

    public Scheduler(ISchedulerHost host, AsyncRuntimeOptions options)
    {
        _host = host;
        _settings = SchedulerSettings.From(options);
        _shape = ThreadShape.From(options);
        Injector = new Injector(host.RunElsewhere);
        Lanes = new SharedLanes(host.RunElsewhere);
    }

    public SchedulerSettings Settings => _settings;

    public Injector Injector { get; }

    public SharedLanes Lanes { get; }

    public IdleSet Idle { get; } = new();

    public bool IsClosed => _closed;

    public ISchedulerHost Host => _host;

    /// <summary>The execution context of a thread that nothing has touched; <see langword="null"/> until the first worker has started.</summary>
    public ExecutionContext? CleanContext => _cleanContext;

    /// <summary>Queues an item; its priority and deadline have been set. From a worker of this scheduler it goes to that worker's own queue.</summary>
    public void Submit(WorkItem item)
    {
        var worker = Worker.Current;
        var own = worker is not null && worker.Scheduler == this && !worker.IsRetiring && !_closed;
        Stamp(item, own ? worker : null);
        var settings = _settings;
        if (settings.Priorities && IsUrgencyGiven(item))
        {
            Lanes.Add(item);
        }
        else if (own && settings.Stealing)
        {
            worker!.Push(item);
        }
        else
        {
            Injector.Push(item);
        }

        Notify();
    }

    /// <summary>Queues an item behind everything of its priority that waits anywhere: the end of the injector, or of its lane.</summary>
    public void SubmitToBack(WorkItem item)
    {
        Stamp(item, worker: null);
        if (_settings.Priorities && IsUrgencyGiven(item))
        {
            Lanes.Add(item);
        }
        else
        {
            Injector.Push(item);
        }

        Notify();
    }

    /// <summary>Wakes a worker if the work just published needs one.</summary>
    public void Notify()
    {
        Interlocked.MemoryBarrier(); // pairs with the fence in IdleSet.Enter: either the parking worker sees the item, or we see it parked
        if (Idle.NeedsWake)
        {
            Idle.WakeOne();
        }
    }

    /// <summary>Whether there is anything that some worker could run. May err on the side of yes.</summary>
    public bool HasWork()
    {
        if (!Injector.IsEmpty || !Lanes.IsEmpty)
        {
            return true;
        }

        foreach (var worker in Workers)
        {
            if (!worker.Queue.Visitor.IsEmpty)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Asks for one call of <see cref="ISchedulerHost.OnActivity"/> at the next unpark of a worker.</summary>
    public void WatchForActivity() => Volatile.Write(ref _activityWanted, 1);

    public SynchronizationContext ContextOf(TaskPriority priority) => _host.ContextOf(priority);

    public void OnUnhandled(Exception exception) => _host.OnUnhandled(exception);

    public void OnUnparked()
    {
        if (Volatile.Read(ref _activityWanted) != 0 && Interlocked.Exchange(ref _activityWanted, 0) != 0)
        {
            _host.OnActivity();
        }
    }

    private static bool IsUrgencyGiven(WorkItem item) => item.Priority != TaskPriority.Normal || item.DeadlineTicks != long.MaxValue;

    private static void Stamp(WorkItem item, Worker? worker)
    {
        Debug.Assert(item.Next is null && item.Previous is null && item.HeapIndex < 0, "An item is in one queue at a time.");
        item.ReadyAt = MonotonicClock.Milliseconds;
        var count = worker is null ? ++_outsideSubmissions : ++worker.Counters.Submissions;
        item.SampledAt = (count & WorkerCounters.SampleMask) == 0 ? MonotonicClock.Timestamp : 0;
    }

    // Counts this thread's submissions from outside, to sample one in 64.
    [ThreadStatic]
    private static uint _outsideSubmissions;
}
