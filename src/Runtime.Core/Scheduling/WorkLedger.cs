// WorkLedger: what was accepted and what has ended, so that nothing is lost unseen: accepted = live + succeeded + failed + cancelled.
//
// Shared words   written by                                              read by
//   stripes      a worker its own, by plain release stores;              all
//                other threads one of eight, by Interlocked
//   _stopBegan   BeginStop, once                                         every end
//   the state    the runtime's lifecycle, not here                       every accept, by its caller
//
// Zero:       Live reads what has ended first and what was accepted after it. All counters only grow, and an end is counted after the accept, so
//             a result of zero means that there was a moment between the two readings at which nothing was live. The stop depends on that.
// Stop:       an accept counts and then reads the state; the stop sets the state and then sums up. An end counts and then reads _stopBegan; the stop
//             sets it and then sums up. Each pair is store-then-load on both sides (Dekker). The many sides, which workers pass with every item, are
//             plain: the one side that happens once has the fence for all of them (Fence.ProcessWide, in BeginStop, AwaitStopSeen and CutOff).
//             Two ends during a stop are a third such pair, each counts and then sums up: there both sides fence.
// Sources:    Dice, Lev, Moir 2013 (scalable statistics counters); folly's asymmetric fences. Tests: WorkLedgerTests, AsyncRuntimeStopTests.
using Runtime.Core.Concurrency;

namespace Runtime.Core.Scheduling;

/// <summary>How a unit of accepted work ended.</summary>
internal enum WorkOutcome
{
    Succeeded,
    Failed,
    Cancelled,
}

/// <summary>Counts what was accepted and what has ended. Thread safe; see the head of the file.</summary>
internal sealed class WorkLedger
{
#if MODEL
    private const int SharedStripes = 1;
#else
    private const int SharedStripes = 8;
#endif

    private readonly Lock _lock = new();
    private readonly LedgerStripe[] _shared;

    // Those of workers, ended ones included: a new worker takes over an ended one's. Replaced under _lock.
    private AtomicReference<LedgerStripe[]> _own;

    // Stripes of ended workers. Under _lock.
    private readonly Stack<LedgerStripe> _free = new();

    // Called when something ends after the stop began; set before _stopBegan.
    private Action? _endedWhileStopping;

    // Of the work that was live when the stop began: how it ended. By Interlocked.
    private AtomicInt64 _completedWhileStopping;
    private AtomicInt64 _cancelledWhileStopping;

    // Accepted after the stop had begun, by work that was still draining; by Interlocked.
    private AtomicInt64 _lateLive;

    private AtomicInt32 _stopBegan;

    // Set when the drain is over: what has not started by now is cancelled instead of run.
    private AtomicInt32 _cutOff;

    public WorkLedger()
    {
        _shared = [.. Enumerable.Range(0, SharedStripes).Select(_ => new LedgerStripe(this))];
        _own.Value = [];
    }

    public bool IsCutOff => _cutOff.Value != 0;

    public long Accepted => Sum(static stripe => stripe.Accepted) - Sum(static stripe => stripe.Refused);

    public long Succeeded => Sum(static stripe => stripe.Succeeded);

    public long Failed => Sum(static stripe => stripe.Failed);

    public long Cancelled => Sum(static stripe => stripe.Cancelled);

    public long CompletedWhileStopping => _completedWhileStopping.Value;

    public long CancelledWhileStopping => _cancelledWhileStopping.Value;

    /// <summary>How much of the live work was accepted after the stop had begun.</summary>
    public long LateLive => _lateLive.Value;

    public long Live
    {
        get
        {
            var ended = Sum(static stripe => stripe.Ended);
            return Sum(static stripe => stripe.Accepted) - ended;
        }
    }

    /// <summary>A stripe for a worker to count on alone.</summary>
    public LedgerStripe TakeStripe()
    {
        lock (_lock)
        {
            if (!_free.TryPop(out var stripe))
            {
                stripe = new LedgerStripe(this);
                _own.Value = [.. _own.Value!, stripe];
            }

            return stripe;
        }
    }

    /// <summary>Takes the stripe of a worker that has ended back; what it counted stays.</summary>
    public void ReturnStripe(LedgerStripe stripe)
    {
        lock (_lock)
        {
            _free.Push(stripe);
        }
    }

    /// <summary>Counts units of work as accepted. The caller then checks the state of the runtime and may still refuse them.</summary>
    /// <param name="worker">The worker whose thread this is, if any.</param>
    /// <param name="count">How many.</param>
    public void Accept(Worker? worker, int count = 1) => Count(LedgerEvent.Accepted, worker, count);

    /// <summary>Takes an <see cref="Accept"/> back.</summary>
    public void Refuse(Worker? worker, int count)
    {
        Count(LedgerEvent.Refused, worker, count);
        SignalIfStopping();
    }

    /// <summary>Counts accepted units of work as accepted after the stop had begun.</summary>
    public void MarkLate(int count) => _lateLive.Add(count);

    /// <summary>Counts an accepted unit of work as ended.</summary>
    /// <param name="outcome">How it ended.</param>
    /// <param name="late">Whether it was marked late.</param>
    public void Finish(WorkOutcome outcome, bool late)
    {
        if (late)
        {
            _lateLive.Add(-1);
        }
        else if (_stopBegan.Value != 0)
        {
            ref var counter = ref outcome == WorkOutcome.Cancelled ? ref _cancelledWhileStopping : ref _completedWhileStopping;
            counter.Add(1);
        }

        Count(LedgerEvent.Succeeded + (int)outcome, Worker.Current, 1);
        SignalIfStopping();
    }

    /// <summary>From now on ends are counted for the shutdown report and <paramref name="ended"/> is called after each.</summary>
    public void BeginStop(Action ended)
    {
        _endedWhileStopping = ended;
        _stopBegan.Value = 1;
        Fence.ProcessWide(); // pairs with Finish: from here on its signal, or its count
    }

    /// <summary>Call after the state has been set: every accept that has not seen the new state is in the counters from here on.</summary>
    public static void AwaitStopSeen() => Fence.ProcessWide();

    /// <summary>Ends the drain: work that has not started will not.</summary>
    public void CutOff()
    {
        _cutOff.Value = 1;
        Fence.ProcessWide(); // pairs with the accept of draining work: it sees this, or Live sees it
    }

    private void SignalIfStopping()
    {
        if (_stopBegan.Value != 0)
        {
            Fence.Full(); // pairs with itself: of two that end at once, the later one here sees both counts
            _endedWhileStopping!();
        }
    }

    private void Count(LedgerEvent what, Worker? worker, int count)
    {
        if (worker is not null && worker.Stripe.Ledger == this)
        {
            worker.Stripe.CountAlone(what, count);
        }
        else
        {
            _shared[Environment.CurrentManagedThreadId & (SharedStripes - 1)].CountShared(what, count);
        }
    }

    private long Sum(Func<LedgerStripe, long> counter)
    {
        long sum = 0;
        foreach (var stripe in _shared)
        {
            sum += counter(stripe);
        }

        foreach (var stripe in _own.Value!)
        {
            sum += counter(stripe);
        }

        return sum;
    }
}
