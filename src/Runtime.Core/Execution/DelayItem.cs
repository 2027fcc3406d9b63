using System.Threading.Tasks.Sources;
using Runtime.Core.Concurrency;
using Runtime.Core.Timing;

namespace Runtime.Core.Execution;

/// <summary>A delay that is awaited: ends when its time has come or when its token is cancelled, whichever is first.</summary>
/// <remarks>
/// Who settles is who comes last. A canceller that takes the entry out of its wheel knows that the timer thread will not come; one that does not find it
/// there leaves the settling to the timer thread, and its own hands off. So whoever takes the outcome knows who else may still look at this object:
/// nobody, when it was settled by a canceller or has no token, or when the callback of its token could be taken back.
/// </remarks>
internal sealed class DelayItem : AwaitableItem, IValueTaskSource, IValueTaskSource<bool>
{
    private readonly Timer _timer;
    private ItemPool? _pool;
    private CancellationToken _token;

    // Set before the value task is handed out, so before anybody can take the outcome.
    private CancellationTokenRegistration _registration;

    public DelayItem() => _timer = new Timer(this);

    /// <summary>Begins.</summary>
    /// <param name="pool">Where it goes back to.</param>
    /// <param name="timers">Tell the time.</param>
    /// <param name="delay">How long; not zero.</param>
    /// <param name="slack">How much longer it may take.</param>
    /// <param name="token">Ends it before its time.</param>
    /// <returns>The version for the <see cref="ValueTask"/>.</returns>
    public short Start(ItemPool pool, TimerService timers, TimeSpan delay, TimeSpan slack, CancellationToken token)
    {
        _pool = pool;
        _token = token;
        var version = Open();
        if (delay != Timeout.InfiniteTimeSpan)
        {
            _timer.Slack = slack == TimeSpan.Zero ? 0 : timers.SlackOf(slack);
            var shard = timers.ShardForCaller();
            _timer.Shard = shard;
            shard.Arm(_timer, delay);
        }

        // After the timer, so that a cancellation finds something to withdraw.
        if (token.CanBeCanceled)
        {
            _registration = token.UnsafeRegister(static self => ((DelayItem)self!).Cancel(), this);
        }

        return version;
    }

    /// <summary>A delay that is over: whoever awaits it gives way first, because its budget is spent.</summary>
    public short StartElapsed(ItemPool pool)
    {
        _pool = pool;
        var version = Open();
        TrySettle(AwaitOutcome.Succeeded);
        return version;
    }

    void IValueTaskSource.GetResult(short token)
    {
        var cancellation = _token;
        if (!End(token))
        {
            throw new TaskCanceledException(message: null, innerException: null, cancellation);
        }
    }

    bool IValueTaskSource<bool>.GetResult(short token) => End(token);

    // Whether it elapsed.
    private bool End(short token)
    {
        var elapsed = Take(token) == AwaitOutcome.Succeeded;
        var isOurs = !elapsed || !_token.CanBeCanceled || _registration.Unregister();
        if (isOurs && _timer.SystemTimer is null) // a system timer may be late
        {
            Recycle();
        }

        return elapsed;
    }

    // On the canceller's thread. No user code runs here: the continuation is queued.
    private void Cancel()
    {
        if (_timer.Shard is null || _timer.Shard.Withdraw(_timer) || _timer.SystemTimer is not null)
        {
            TrySettle(AwaitOutcome.Cancelled); // the last touch
        }
    }

    private void Recycle()
    {
        Clean();
        var pool = _pool!;
        _pool = null;
        _timer.Shard = null;
        _token = default;
        _registration = default;
        pool.Return(this);
    }

    // The node in the wheel. It settles on the timer thread itself: what is queued then is the continuation.
    private sealed class Timer(DelayItem owner) : TimerEntry
    {
        internal override bool TryEnd()
        {
            owner.TrySettle(AwaitOutcome.Succeeded);
            return true;
        }

        // On a timer of the system.
        internal override void Run()
        {
            if (!Shard!.TryArmForRest(this))
            {
                owner.TrySettle(AwaitOutcome.Succeeded);
            }
        }

        protected override void Execute() => Run();
    }
}
