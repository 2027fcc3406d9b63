using System.Threading.Tasks.Sources;
using Runtime.Core.Concurrency;
using Runtime.Core.Timing;

namespace Runtime.Core.Execution;

/// <summary>A delay that is awaited: ends when its time has come or when its token is cancelled, whichever is first.</summary>
internal sealed class DelayItem : AwaitableItem, IValueTaskSource
{
    private readonly Timer _timer;
    private ItemPool? _pool;
    private TimerService? _timers;
    private CancellationToken _token;

    // Set before the value task is handed out, so before anybody can take the outcome.
    private CancellationTokenRegistration _registration;

    public DelayItem() => _timer = new Timer(this);

    /// <summary>Begins.</summary>
    /// <param name="pool">Where it goes back to.</param>
    /// <param name="timers">Tell the time.</param>
    /// <param name="delay">How long; not zero.</param>
    /// <param name="token">Ends it before its time.</param>
    public ValueTask Start(ItemPool pool, TimerService timers, TimeSpan delay, CancellationToken token)
    {
        _pool = pool;
        _timers = timers;
        _token = token;
        var version = Open();
        if (delay != Timeout.InfiniteTimeSpan)
        {
            timers.Arm(_timer, delay);
        }

        // After the timer, so that a cancellation finds something to withdraw.
        if (token.CanBeCanceled)
        {
            _registration = token.UnsafeRegister(static self => ((DelayItem)self!).Cancel(), this);
        }

        return new ValueTask(this, version);
    }

    /// <summary>A delay that is over: whoever awaits it gives way first, because its budget is spent.</summary>
    public ValueTask StartElapsed(ItemPool pool)
    {
        _pool = pool;
        var version = Open();
        Elapse();
        return new ValueTask(this, version);
    }

    public void GetResult(short token)
    {
        var outcome = Take(token);
        var cancellation = _token;

        // A callback that could not be unregistered has run or still does, and a system timer may be late: then nobody else may have this object.
        if ((!cancellation.CanBeCanceled || _registration.Unregister()) && _timer.SystemTimer is null)
        {
            Recycle();
        }

        if (outcome == AwaitOutcome.Cancelled)
        {
            throw new TaskCanceledException(message: null, innerException: null, cancellation);
        }
    }

    private void Elapse() => TrySettle(AwaitOutcome.Succeeded);

    // On the canceller's thread. No user code runs here: the continuation is queued.
    private void Cancel()
    {
        if (TrySettle(AwaitOutcome.Cancelled))
        {
            _timers!.Withdraw(_timer); // still ours: the awaiter does not recycle it while this callback runs
        }
    }

    private void Recycle()
    {
        Clean();
        var pool = _pool!;
        _pool = null;
        _timers = null;
        _token = default;
        _registration = default;
        pool.Return(this);
    }

    // The node in the wheel. It settles on the timer thread itself: what is queued then is the continuation.
    private sealed class Timer(DelayItem owner) : TimerEntry
    {
        internal override void OnDue(Action<WorkItem> sink) => owner.Elapse();

        // On a timer of the system.
        internal override void Run()
        {
            if (!owner._timers!.TryArmForRest(this))
            {
                owner.Elapse();
            }
        }

        protected override void Execute() => Run();
    }
}
