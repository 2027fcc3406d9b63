using Runtime.Core.Concurrency;

namespace Runtime.Core.Scheduling;

/// <summary>One worker: a thread, its queue, and the loop that finds and runs work.</summary>
internal sealed partial class Worker
{
    // Go's and Tokio's interval: a prime, so that it does not beat with the work's own rhythm.
    private const uint InjectorInterval = 61;

    // Tokio's bound on a batch: half of the ring, so that what is fetched is never what overflows.
    private const int MaxBatch = LocalQueue.Capacity / 2;

    // The worker whose thread this is. One thread-static read tells where a submission comes from.
    [ThreadStatic]
    private static Worker? _current;

    private readonly Scheduler _scheduler;
    private readonly Scheduler.ThreadShape _shape;
    private readonly Parker _parker = Parker.Create();

    // The context of this thread while nothing has touched it; restored after every item.
    private ExecutionContext? _cleanContext;

    // Picks victims. Owner only.
    private readonly Random _random;

    // Counts rounds of the loop. Owner only.
    private uint _tick;

    // Set by Retire, read by the owner each round.
    private volatile bool _retiring;

    public Worker(Scheduler scheduler, int id, Scheduler.ThreadShape shape)
    {
        _scheduler = scheduler;
        Id = id;
        _shape = shape;
        Name = $"{shape.NamePrefix}-{id}";
        _random = new Random(unchecked((id * 486_187_739) + 17));
    }

    public static Worker? Current => _current;

    public ExecutionContext? CleanContext => _cleanContext;

    public Scheduler Scheduler => _scheduler;

    public int Id { get; }

    public string Name { get; }

    public LocalQueue Queue { get; } = new();

    public WorkerCounters Counters { get; } = new();

    /// <summary>Whether the idle set counts this worker as searching. Written by a waker under the idle set's lock while the worker is parked, else by the owner.</summary>
    public bool IsSearching { get; set; }

    public bool IsRetiring => _retiring;

    public WorkerIsolation Isolation => _shape.Isolation;

    public void Start() =>
        new Thread(Main, _shape.StackSize) { IsBackground = true, Name = Name }.UnsafeStart(); // Unsafe: no AsyncLocal of the starter may live on here

    public void Unpark() => _parker.Unpark();

    /// <summary>Asks the worker to hand its work on and end. The caller then wakes it.</summary>
    public void Retire() => _retiring = true;

    /// <summary>Adds an item to this worker's own queue. Owner only.</summary>
    public void Push(WorkItem item)
    {
        if (Queue.Push(item, _scheduler.Injector))
        {
            Counters.Overflows++;
        }
    }

    private void Main()
    {
        _current = this;
        _cleanContext = ExecutionContext.Capture();
        _scheduler.PrepareThread(this);
        Counters.Begin();

        // Nothing below may throw: user code runs inside Execute, which catches everything it does.
        while (Next() is { } item)
        {
            Execute(item);
        }

        HandOver();
        _current = null;
        _scheduler.OnWorkerEnded(this);
        _parker.Dispose();
    }

    private void Execute(WorkItem item)
    {
        var context = _scheduler.ContextOf(item.Priority);
        if (SynchronizationContext.Current != context)
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }

        var sample = Counters.BeginItem(item);
        try
        {
            item.Run();
        }
        catch (Exception exception)
        {
            _scheduler.OnUnhandled(exception);
        }

        Counters.EndItem(sample);

        // An async method restores what it changed; a plain delegate may have left an AsyncLocal, an Activity or a suppressed flow behind.
        if (ExecutionContext.Capture() != _cleanContext)
        {
            ExecutionContext.Restore(_cleanContext!);
        }
    }

    /// <summary>Finds the next item, parking as long as there is none.</summary>
    /// <returns><see langword="null"/> when the worker is to end.</returns>
    private WorkItem? Next()
    {
        while (!_retiring && !_scheduler.IsClosed)
        {
            var settings = _scheduler.Settings;
            if (!settings.Stealing && Queue.Count > 0)
            {
                HandOver(); // stealing has been switched off: nothing may be out of the others' reach
            }

            var item = FindInReach(settings) ?? Search(settings);
            if (item is not null)
            {
                StopSearching();
                return item;
            }

            Park();
        }

        return null;
    }

    private void StopSearching()
    {
        if (!IsSearching)
        {
            return;
        }

        IsSearching = false;
        if (_scheduler.Idle.StopSearching() && _scheduler.HasWork())
        {
            _scheduler.Idle.WakeOne(); // pushes that saw this worker searching woke nobody
        }
    }

    private void Park()
    {
        _scheduler.Idle.Enter(this);
        if (_retiring || _scheduler.IsClosed || _scheduler.HasWork())
        {
            if (_scheduler.Idle.Remove(this))
            {
                return;
            }

            // A waker took this worker out before it could leave: its token is on the way and would end the next park too soon.
        }

        Counters.BeginPark();
        _parker.Park();
        Counters.EndPark();
        _scheduler.OnUnparked();
    }

    private void HandOver()
    {
        while (Queue.Pop() is { } item)
        {
            _scheduler.Injector.Push(item);
        }

        StopSearching();
        _scheduler.Notify();
    }
}
