using System.Diagnostics.CodeAnalysis;
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
    private AtomicInt32 _closed;

    // The default execution context; the same object in every worker, so it does not matter who wrote it last.
    private volatile ExecutionContext? _cleanContext;

    // The time of the monitor's latest look, in milliseconds; 0 while it sleeps. Written by it, read by every push: a load costs less than the coarsest clock,
    // and plain items need their age only to tell a starvation threshold, and a human, how long they have waited.
    private long _toldTime;

    // Set while somebody wants to hear of the next unpark; cleared by the worker that tells.
    private int _activityWanted;

    public Scheduler(ISchedulerHost host, WorkLedger ledger, AsyncRuntimeOptions options)
    {
        _host = host;
        Ledger = ledger;
        _settings = SchedulerSettings.From(options);
        _shape = ThreadShape.From(options);
        _monitor = new WorkerMonitor(this, options.ThreadNamePrefix);
        Injector = new Injector(host.RunElsewhere);
        Lanes = new SharedLanes(host.RunElsewhere);
    }

    public SchedulerSettings Settings => _settings;

    public Injector Injector { get; }

    public SharedLanes Lanes { get; }

    public IdleSet Idle { get; } = new();

    public WorkLedger Ledger { get; }

    // How many waiting items are worth waking one more worker for, when some are awake; a power of two. Written by workers as they measure.
    private volatile int _worthAWake = 1;

    /// <summary>How many waiting items are worth waking one more worker for, when some are awake.</summary>
    public int WorthAWake
    {
        get => _worthAWake;
        set
        {
            if (_worthAWake != value)
            {
                _worthAWake = value;
            }
        }
    }

    /// <summary>Whether a worker that finds nothing may look a little longer: not where the producer needs the same processor.</summary>
    public bool MayLinger { get; } = Environment.ProcessorCount > 1;

    public bool IsClosed => _closed.Value != 0;

    public ISchedulerHost Host => _host;

    /// <summary>The execution context of a thread that nothing has touched; <see langword="null"/> until the first worker has started.</summary>
    public ExecutionContext? CleanContext => _cleanContext;

    /// <summary>The worker of this scheduler on whose thread the caller is, unless it is to hand on what it has.</summary>
    public Worker? CurrentWorker => Worker.Current is { } worker && worker.Scheduler == this ? worker : null;

    /// <summary>Queues new work; its priority and deadline have been set.</summary>
    public void Submit(WorkItem item, Worker? worker)
    {
        var settings = _settings;
        if (settings.Priorities && IsUrgencyGiven(item))
        {
            AddToLanes(item);
        }
        else
        {
            SubmitPlain(item, worker);
        }
    }

    /// <summary>Queues new work of priority Normal without a deadline.</summary>
    public void SubmitPlain(IRunnable item, Worker? worker)
    {
        if (MayPush(worker, _settings))
        {
            worker.PushNew(new QueueEntry(item, worker.Stamp()));
        }
        else
        {
            Inject(item);
        }
    }

    /// <summary>Queues new work whose priority is not its own to tell.</summary>
    public void SubmitPlain(IRunnable item, TaskPriority priority, Worker? worker)
    {
        var settings = _settings;
        if (priority == TaskPriority.Normal)
        {
            SubmitPlain(item, worker);
        }
        else if (settings.Priorities)
        {
            AddToLanes(new QueueEntry(item, LaneStamp(), EntryModes.Of(priority)), priority, long.MaxValue);
        }
        else if (MayPush(worker, settings))
        {
            worker.PushNew(new QueueEntry(item, worker.Stamp(), EntryModes.Of(priority)));
        }
        else
        {
            Inject(new QueueEntry(item, OutsideStamp(), EntryModes.Of(priority)));
        }
    }

    /// <summary>Queues a delegate from outside as it is: whoever runs it counts its end.</summary>
    public void SubmitPosted(Action action) => Inject(new QueueEntry(action, OutsideStamp(), EntryMode.Posted));

    /// <summary>Queues work that goes on: it has been waiting for something that has happened.</summary>
    public void SubmitWoken(WorkItem item)
    {
        if (_settings.Priorities && IsUrgencyGiven(item))
        {
            AddToLanes(item);
        }
        else
        {
            SubmitWoken((object)item);
        }
    }

    /// <summary>Queues the continuation of an await in plain work.</summary>
    public void SubmitWoken(Action continuation) => SubmitWoken((object)continuation);

    /// <summary>Queues an item behind everything of its priority that waits anywhere: the end of the injector, or of its lane.</summary>
    /// <param name="item">The item.</param>
    /// <param name="wake">Whether to wake a worker, when some are awake.</param>
    public void SubmitToBack(WorkItem item, WakeHint wake)
    {
        if (_settings.Priorities && IsUrgencyGiven(item))
        {
            AddToLanes(item);
            return;
        }

        Injector.Push(new QueueEntry(item, OutsideStamp()));
        if (wake == WakeHint.IfWorthIt || Idle.AreAllParked)
        {
            WakeForInjector();
        }
        else if (wake == WakeHint.Always && Idle.NeedsWake)
        {
            Idle.WakeOne();
        }
    }

    /// <summary>Queues what gives up its turn behind everything of its priority that waits in the caller's reach.</summary>
    public void SubmitYielded(WorkItem item)
    {
        if (_settings.Priorities && IsUrgencyGiven(item))
        {
            AddToLanes(item);
        }
        else
        {
            SubmitYielded((object)item);
        }
    }

    /// <summary>Queues the continuation of a yield in plain work.</summary>
    public void SubmitYielded(Action continuation) => SubmitYielded((object)continuation);

    /// <summary>Queues new work of one priority and deadline, in order.</summary>
    /// <param name="items">The work; at least one item.</param>
    /// <param name="entries">Room for as many entries.</param>
    /// <param name="priority">The priority of items that cannot tell it themselves.</param>
    /// <param name="worker">See <see cref="CurrentWorker"/>.</param>
    public void SubmitMany<TItem>(ReadOnlySpan<TItem> items, Span<QueueEntry> entries, TaskPriority priority, Worker? worker)
        where TItem : class, IRunnable
    {
        var stamp = OutsideStamp();
        var mode = EntryModes.Of(priority);
        for (var i = 0; i < items.Length; i++)
        {
            entries[i] = new QueueEntry(items[i], stamp, mode);
        }

        var settings = _settings;
        if (settings.Priorities && items[0] is WorkItem first && IsUrgencyGiven(first))
        {
            Lanes.AddMany(entries, first.Priority, first.DeadlineTicks);
            WakeForLanes();
            WakeDebtorFor(first.Priority);
        }
        else if (settings.Priorities && priority != TaskPriority.Normal)
        {
            Lanes.AddMany(entries, priority, long.MaxValue);
            WakeForLanes();
            WakeDebtorFor(priority);
        }
        else if (MayPush(worker, settings))
        {
            worker.PushMany(entries);
        }
        else
        {
            Inject(entries);
        }
    }

    /// <summary>Wakes a worker if the work just published needs one.</summary>
    public void Notify()
    {
        Fence.Full(); // pairs with the fence in IdleSet.Enter: either the parking worker sees the item, or we see it parked
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

        if (!_settings.Stealing)
        {
            return false; // what a ring still holds is out of reach; its owner, or the monitor, moves it
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

    /// <summary>Whether there is enough waiting to wake one more worker for. The caller is awake itself.</summary>
    public bool HasMuchWork()
    {
        var enough = _worthAWake;
        var waiting = Injector.Count + (Lanes.IsEmpty ? 0 : enough);
        foreach (var worker in Workers)
        {
            waiting += Math.Max(0, worker.Queue.Count);
        }

        return waiting >= enough;
    }

    /// <summary>Asks for one call of <see cref="ISchedulerHost.OnActivity"/> at the next unpark of a worker.</summary>
    public void WatchForActivity() => Volatile.Write(ref _activityWanted, 1);

    public void OnUnhandled(Exception exception) => _host.OnUnhandled(exception);

    public void OnUnparked()
    {
        _monitor.OnActivity();
        if (Volatile.Read(ref _activityWanted) != 0 && Interlocked.Exchange(ref _activityWanted, 0) != 0)
        {
            _host.OnActivity();
        }
    }

    private static bool IsUrgencyGiven(WorkItem item) => item.Priority != TaskPriority.Normal || item.DeadlineTicks != long.MaxValue;

    // Whether work may go to the caller's own queues.
    private bool MayPush([NotNullWhen(true)] Worker? worker, SchedulerSettings settings) =>
        worker is not null && settings.Stealing && !worker.IsRetiring && !IsClosed;

    private void SubmitWoken(object item)
    {
        var worker = CurrentWorker;
        if (MayPush(worker, _settings))
        {
            worker.PushWoken(new QueueEntry(item, worker.Stamp()));
        }
        else
        {
            Inject(item);
        }
    }

    private void SubmitYielded(object item)
    {
        var worker = CurrentWorker;
        if (MayPush(worker, _settings))
        {
            worker.PushYielded(new QueueEntry(item, worker.Stamp()));
        }
        else
        {
            Inject(item);
        }
    }

    private void Inject(object item) => Inject(new QueueEntry(item, OutsideStamp()));

    /// <summary>Queues an item behind all that waits in the injector, and wakes a worker if that pays.</summary>
    public void Inject(QueueEntry entry)
    {
        Injector.Push(entry);
        WakeForInjector();
    }

    /// <summary>The same with several.</summary>
    public void Inject(ReadOnlySpan<QueueEntry> entries)
    {
        Injector.PushMany(entries);
        if (Idle.NeedsWake)
        {
            Idle.WakeOne(); // it wakes the next as soon as it finds that there is more
        }
    }

    // After a push, which was a fence.
    private void WakeForInjector()
    {
        if (Idle.NeedsWake && (Idle.AreAllParked || IsWorthAWake(Injector)))
        {
            Idle.WakeOne(); // it wakes the next as soon as it finds that there is more
        }
    }

    // Whether what waits in the injector takes the workers that are awake longer than a wake.
    private bool IsWorthAWake(Injector injector)
    {
        var enough = _worthAWake;
        return enough <= 1 || (injector.IsMultiple(enough) && injector.Count >= enough);
    }

    private void AddToLanes(WorkItem item) => AddToLanes(new QueueEntry(item, LaneStamp()), item.Priority, item.DeadlineTicks);

    private void AddToLanes(QueueEntry entry, TaskPriority priority, long deadlineTicks)
    {
        Lanes.Add(entry, priority, deadlineTicks);
        WakeForLanes();
        WakeDebtorFor(priority);
    }

    // After an add, which was a fence.
    private void WakeForLanes()
    {
        if (Idle.NeedsWake && (Idle.AreAllParked || _worthAWake <= 1 || Lanes.Count >= _worthAWake))
        {
            Idle.WakeOne(); // it wakes the next as soon as it finds that there is more
        }
    }

    // In the lanes age decides among items: by the clock.
    private static ReadyStamp LaneStamp() => (++_outsideSubmissions & WorkerCounters.SampleMask) == 0 ? ReadyStamp.Exact() : ReadyStamp.Coarse();

    // When an item from outside became ready.
    private ReadyStamp OutsideStamp() => (++_outsideSubmissions & WorkerCounters.SampleMask) == 0 ? ReadyStamp.Exact() : CoarseStamp();

    /// <summary>Now, as far as the monitor has told; by the clock while it sleeps.</summary>
    public ReadyStamp CoarseStamp() => Volatile.Read(ref _toldTime) is var told && told != 0 ? ReadyStamp.FromRaw(told) : ReadyStamp.Coarse();

    // Counts this thread's submissions from outside, to sample one in 64.
    [ThreadStatic]
    private static uint _outsideSubmissions;
}
