using System.Reflection;
using Runtime.Core.Concurrency;
using Runtime.Core.Model.Tests.Engine;
using Runtime.Core.Scheduling;

namespace Runtime.Core.Model.Tests.Suites;

/// <summary>
/// Work is accepted and ends while a stop looks whether anything is live, in the order that AsyncRuntime.Accept and AsyncRuntime.StopAsync have.
/// The stop must see the end, and must not see it while anything that was accepted is live.
/// </summary>
internal abstract class LedgerScenario : Scenario
{
    private readonly WorkLedger _ledger = new();
    private readonly Scheduler _scheduler;
    private AtomicInt32 _isStopping;

    // What is live in truth, and whether the stop believes that nothing is.
    private int _live;
    private bool _isDrained;

    protected LedgerScenario()
    {
        _scheduler = new Scheduler(new NoHost(), _ledger, new AsyncRuntimeOptions());
        Worker = new Worker(_scheduler, 0, new Scheduler.ThreadShape("worker", 0, default));
    }

    protected Worker Worker { get; }

    protected WorkLedger Ledger => _ledger;

    protected bool IsDrained => _isDrained;

    protected bool SeesStop => _isStopping.Value != 0;

    protected int Live
    {
        get => _live;
        set => _live = value;
    }

    public override void Check() => Require(_isDrained, "the stop was not told that nothing is left");

    protected void Stop()
    {
        _ledger.BeginStop(SignalIfDrained);
        _isStopping.CompareExchange(1, 0); // as RuntimeLifecycle.Transition
        WorkLedger.AwaitStopSeen();
        SignalIfDrained();
    }

    protected bool Accept(Worker? worker)
    {
        _ledger.Accept(worker);
        if (_isStopping.Value != 0)
        {
            if (worker is null)
            {
                _ledger.Refuse(worker, 1);
                return false;
            }

            _ledger.MarkLate(1); // by work that is draining
        }

        Require(!_isDrained, "accepted after the drain was over");
        _live++;
        return true;
    }

    protected void Finish()
    {
        _live--;
        _ledger.Finish(WorkOutcome.Succeeded, late: false);
    }

    /// <summary>Makes the calling thread that of the worker, for the ledger.</summary>
    protected void BeWorker(bool isIt) =>
        typeof(Worker).GetField("_current", BindingFlags.Static | BindingFlags.NonPublic)!.SetValue(null, isIt ? Worker : null);

    private void SignalIfDrained()
    {
        if (_isStopping.Value != 0 && _ledger.Live <= 0)
        {
            Require(_live == 0, "drained while something is live");
            _isDrained = true;
        }
    }

    private sealed class NoHost : ISchedulerHost
    {
        public SynchronizationContext ContextOf(TaskPriority priority) => new();

        public void RunElsewhere(QueueEntry entry) => throw new NotSupportedException();

        public void OnUnhandled(Exception exception) => throw new NotSupportedException();

        public void OnIsolationRefused(string problem) => throw new NotSupportedException();

        public void OnWorkerBlocked(Worker worker, object item, TimeSpan duration) => throw new NotSupportedException();

        public void OnActivity() => throw new NotSupportedException();
    }
}

/// <summary>A worker runs something that makes something.</summary>
internal sealed class LedgerOfAWorker : LedgerScenario
{
    public LedgerOfAWorker()
    {
        Accept(null);
        Run("worker", () =>
        {
            BeWorker(true);
            try
            {
                Accept(Worker);
                Finish();
                Finish();
            }
            finally
            {
                BeWorker(false);
            }
        });
        Run("stop", Stop);
    }
}

/// <summary>A thread outside submits; it is refused, or the stop waits for what it has submitted.</summary>
internal sealed class LedgerOfASubmitter : LedgerScenario
{
    public LedgerOfASubmitter()
    {
        Accept(null);
        Run("submitter", () =>
        {
            if (Accept(null))
            {
                Finish();
            }
        });
        Run("worker", () =>
        {
            BeWorker(true);
            try
            {
                Finish();
            }
            finally
            {
                BeWorker(false);
            }
        });
        Run("stop", Stop);
    }
}

/// <summary>
/// A worker accepts what does not come from anything live: a foreign callback that happens to run there. Either the drain waits for it, or it is
/// in the sum after the cut, or it is refused.
/// </summary>
internal sealed class LedgerOfAStray : LedgerScenario
{
    // Accepted after the stop had begun, and what the stop finds in the end.
    private int _late;
    private long _found = -1;

    public LedgerOfAStray()
    {
        Run("worker", () =>
        {
            Ledger.Accept(Worker);
            if (!SeesStop)
            {
                Require(!IsDrained, "accepted after the drain was over");
                Live++;
            }
            else if (!Ledger.IsCutOff)
            {
                _late++;
            }
            else
            {
                Ledger.Refuse(Worker, 1);
            }
        });
        Run("stop", () =>
        {
            Stop();
            Ledger.CutOff();
            _found = Ledger.Live;
        });
    }

    public override void Check() => Require(_found >= Live + _late, $"the stop found {_found} where {Live + _late} are live");
}
