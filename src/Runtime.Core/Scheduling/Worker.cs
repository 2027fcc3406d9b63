using System.Runtime.CompilerServices;
using Runtime.Core.Concurrency;

namespace Runtime.Core.Scheduling;

/// <summary>One worker: a thread, its queue, and the loop that finds and runs work.</summary>
internal sealed partial class Worker : Sleeper
{
    // The worker whose thread this is. One thread-static read tells where a submission comes from.
    [ThreadStatic]
    private static Worker? _current;

    private readonly Scheduler _scheduler;
    private readonly Scheduler.ThreadShape _shape;
    private readonly Parker _parker = Parker.Create();

    // The contexts to install, by priority; the one of plain work is in place whenever an item starts.
    private readonly SynchronizationContext[] _contexts;
    private readonly SynchronizationContext _plainContext;

    // The context of this thread while nothing has touched it; restored after every item.
    private ExecutionContext? _cleanContext;

    // What it runs now. Written by the owner, read by the monitor.
    private object? _item;

    // Picks victims. Owner only.
    private readonly Random _random;

    // Set by Retire, read by the owner each round.
    private AtomicInt32 _retiring;

    public Worker(Scheduler scheduler, int id, Scheduler.ThreadShape shape)
    {
        _scheduler = scheduler;
        Id = id;
        _shape = shape;
        Name = $"{shape.NamePrefix}-{id}";
        _random = new Random(unchecked((id * 486_187_739) + 17));
        _contexts = [.. Enum.GetValues<TaskPriority>().Select(scheduler.Host.ContextOf)];
        _plainContext = _contexts[(int)TaskPriority.Normal];
        Stripe = scheduler.Ledger.TakeStripe();
    }

    public static Worker? Current => _current;

    public ExecutionContext? CleanContext => _cleanContext;

    public Scheduler Scheduler => _scheduler;

    public int Id { get; }

    public string Name { get; }

    public LocalQueue Queue { get; } = new();

    public WorkerCounters Counters { get; } = new();

    /// <summary>This worker's part of the ledger. Owner only.</summary>
    public LedgerStripe Stripe { get; }

    public bool IsRetiring => _retiring.Value != 0;

    /// <summary>What it runs now, if anything.</summary>
    public object? CurrentItem => Volatile.Read(ref _item);

    /// <summary>How the thread is seen from outside; <see langword="null"/> until it runs.</summary>
    public ThreadProbe? Probe { get; private set; }

    /// <summary>What the monitor remembers of it. Monitor only.</summary>
    public WorkerWatch Watch { get; } = new();

    public WorkerIsolation Isolation => _shape.Isolation;

    public void Start()
    {
        var thread = new Thread(Main, _shape.StackSize) { IsBackground = true, Name = Name };
        thread.UnsafeStart(); // Unsafe: no AsyncLocal of the starter may live on here
    }

    /// <summary>Installs the context of a priority, for the item that runs now. Owner only.</summary>
    public void EnterPriority(TaskPriority priority) => SynchronizationContext.SetSynchronizationContext(_contexts[(int)priority]);

    /// <summary>Between two pieces of users' code in one item of the runtime's own: the next one finds the thread as it would at the start of an item, in the context of that item's priority. Owner only.</summary>
    public void BeginPart(TaskPriority priority)
    {
        RefillBudget();
        RestoreContext();
        if (SynchronizationContext.Current != _contexts[(int)priority])
        {
            EnterPriority(priority);
        }
    }

    /// <summary>Asks the worker to hand its work on and end. The caller then wakes it.</summary>
    public void Retire() => _retiring.Value = 1;

    private void Main()
    {
        _current = this;
        Probe = ThreadProbe.OfCurrentThread();
        _cleanContext = ExecutionContext.Capture();
        SynchronizationContext.SetSynchronizationContext(_plainContext);
        _scheduler.PrepareThread(this);
        Counters.Begin();

        // Nothing below may throw: user code runs inside Execute, which catches everything it does.
        while (TryNext(out var entry))
        {
            if (_scheduler.CpuShare is { } share)
            {
                ExecuteWithin(share, entry);
            }
            else
            {
                Execute(entry);
            }
        }

        HandOver();
        _current = null;
        _scheduler.OnWorkerEnded(this);
        _scheduler.Notify(); // whoever pushed since HandOver may have counted this worker among those who are awake and will look
        _parker.Dispose();
    }

    private void Execute(QueueEntry entry)
    {
        RefillBudget();
        Volatile.Write(ref _item, entry.Item);
        var sample = Counters.BeginItem(entry);
        try
        {
            if (entry.Mode != EntryMode.Plain)
            {
                RunInMode(entry);
            }
            else if (entry.Item.GetType() == typeof(Action))
            {
                Unsafe.As<Action>(entry.Item)(); // the type was checked: a cast would check it again
            }
            else
            {
                Unsafe.As<IRunnable>(entry.Item).RunOn(this); // a queue holds nothing else
            }
        }
        catch (Exception exception)
        {
            _scheduler.OnUnhandled(exception);
        }

        Volatile.Write(ref _item, null);
        if (Counters.EndItem(sample))
        {
            Pace();
        }

        RestoreContext();
        if (SynchronizationContext.Current != _plainContext)
        {
            SynchronizationContext.SetSynchronizationContext(_plainContext);
        }
    }

    // An async method restores what it changed; a plain delegate may have left an AsyncLocal, an Activity or a suppressed flow behind.
    private void RestoreContext()
    {
        if (ExecutionContext.Capture() != _cleanContext)
        {
            ExecutionContext.Restore(_cleanContext!);
        }
    }

    private void RunInMode(in QueueEntry entry)
    {
        if (entry.Mode == EntryMode.Posted)
        {
            RunPosted(Unsafe.As<Action>(entry.Item));
            return;
        }

        EnterPriority(entry.Mode.Priority());
        Unsafe.As<IRunnable>(entry.Item).RunOn(this);
    }

    private void RunPosted(Action action)
    {
        var ledger = _scheduler.Ledger;
        if (ledger.IsCutOff)
        {
            ledger.Finish(WorkOutcome.Cancelled, late: false);
            return;
        }

        var outcome = WorkOutcome.Failed;
        try
        {
            action();
            outcome = WorkOutcome.Succeeded;
        }
        finally
        {
            ledger.Finish(outcome, late: false);
        }
    }

    /// <summary>Finds the next item, parking as long as there is none.</summary>
    /// <returns><see langword="false"/> when the worker is to end.</returns>
    private bool TryNext(out QueueEntry entry)
    {
        while (!IsRetiring && !_scheduler.IsClosed)
        {
            if (_scheduler.CpuShare is { } share)
            {
                if (SettleShare(share, out entry, out var waited))
                {
                    OnFound();
                    return true;
                }

                if (waited)
                {
                    continue;
                }
            }

            var settings = _scheduler.Settings;
            if (!settings.Stealing && !IsEmptyToOwner)
            {
                HandOver(); // stealing has been switched off: nothing may be out of the others' reach
            }

            if (FindInReach(settings, out entry) || Search(settings, out entry) || (LookIntoPoller() && FindInReach(settings, out entry)))
            {
                OnFound();
                return true;
            }

            Park();
        }

        entry = default;
        return false;
    }

    // What a worker owes the others when it has found something to do.
    private void OnFound()
    {
        if (IsSearching)
        {
            StopSearching();
        }
        else if (_hasPushed)
        {
            // The pushes of the last item did not fence; whatever took the next item did.
            _hasPushed = false;
            WakeForOwnQueue();
        }
    }

    private void StopSearching()
    {
        IsSearching = false;
        if (_scheduler.Idle.StopSearching() && _scheduler.HasMuchWork())
        {
            _scheduler.Idle.WakeOne(); // pushes that saw this worker searching woke nobody
        }
    }

    private void Park()
    {
        if (IsSearching && Linger())
        {
            return;
        }

        _scheduler.Idle.Enter(this);
        if (IsRetiring || _scheduler.IsClosed || _scheduler.HasWork())
        {
            if (_scheduler.Idle.Remove(this))
            {
                return;
            }

            // A waker took this worker out before it could leave: its token is on the way and would end the next park too soon.
        }

        Counters.BeginPark();
        var poller = Rest();
        Counters.EndPark();
        _busySince = MonotonicClock.Timestamp;
        _scheduler.OnUnparked();
        if (poller is not null)
        {
            ServeAndLeave(poller);
        }
    }

    private void HandOver()
    {
        while (_slot.TryTake(out var entry) || Queue.TryPop(out entry))
        {
            _scheduler.Injector.Push(entry);
        }

        if (IsSearching)
        {
            StopSearching();
        }

        _scheduler.Notify();
    }
}
