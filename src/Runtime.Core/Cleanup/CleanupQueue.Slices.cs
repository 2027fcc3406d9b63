using System.Runtime.InteropServices;
using Runtime.Core.Concurrency;

namespace Runtime.Core.Cleanup;

// The cleaning. The protocol is in this folder's README.
public sealed partial class CleanupQueue
{
    // Values of _cleaning.
    private const int Asleep = 0;
    private const int Awake = 1;
    private const int Waiting = 2;

    // Things that a thread releases itself when too many wait.
    private const int HelpSize = 2;

    // Whether this thread is releasing something: what that retires is not to make it release yet more.
    [ThreadStatic]
    private static bool _isReleasing;

    private readonly Slice _slice;
    private readonly SliceStatistics _slices = new();

    // Asleep: nobody cleans. Awake: a slice is queued or runs. Waiting: there are as many asynchronous disposals as there may be; the one that ends goes on.
    private int _cleaning;

    // Asynchronous disposals that go on.
    private int _pending;

    // 1 while the timer will start the cleaning.
    private int _isTimerArmed;
    private ITimer? _timer;
    private long _failed;
    private long _helped;

    private void Schedule()
    {
        if (Volatile.Read(ref _cleaning) == Asleep && Interlocked.CompareExchange(ref _cleaning, Awake, Asleep) == Asleep)
        {
            _host.Queue(_slice);
        }
    }

    private void ArmTimer(CleanupOptions options)
    {
        if (Interlocked.CompareExchange(ref _isTimerArmed, 1, 0) != 0)
        {
            return;
        }

        var timer = Volatile.Read(ref _timer);
        if (timer is null)
        {
            // Only one gets here at a time. The timer keeps no context of whoever happened to be the first.
            using (ExecutionContext.IsFlowSuppressed() ? default(AsyncFlowControl?) : ExecutionContext.SuppressFlow())
            {
                timer = _host.Clock.CreateTimer(static self => ((CleanupQueue)self!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }

            Volatile.Write(ref _timer, timer);
        }

        timer.Change(options.Interval, Timeout.InfiniteTimeSpan);
    }

    private void OnTimer()
    {
        Interlocked.Exchange(ref _isTimerArmed, 0); // a fence: whoever retires something sees it, or we see what was retired
        Collect();
    }

    private void RunSlice()
    {
        var options = _options;
        var began = MonotonicClock.Timestamp;
        var now = began;
        var end = began + MonotonicClock.ToTicks(options.SliceBudget);
        var count = 0;
        var longest = 0L;
        var isFull = false;
        var released = 0;
        var concurrency = _isClosed ? 1 : options.MaxConcurrency;
        while (count == 0 || (count < options.BatchSize && now + longest < end)) // the next one may take as long as the longest
        {
            isFull = Volatile.Read(ref _pending) >= concurrency;
            if (isFull || !_queue.TryDequeue(out var retired))
            {
                break;
            }

            released += Release(retired) ? 1 : 0;
            count++;
            var before = now;
            now = MonotonicClock.Timestamp;
            longest = Math.Max(longest, now - before);
        }

        Interlocked.Add(ref _released.Value, released);
        _slices.Add(MonotonicClock.ToDuration(now - began), count, MonotonicClock.ToDuration(longest), options.SliceBudget);
        SignalIfDrained();
        GoOn(isFull);
    }

    // After a slice.
    private void GoOn(bool isFull)
    {
        if (isFull)
        {
            Interlocked.Exchange(ref _cleaning, Waiting); // a fence: the disposal that ends sees it, or we see that it has ended
            if (Volatile.Read(ref _pending) >= (_isClosed ? 1 : _options.MaxConcurrency) || Interlocked.CompareExchange(ref _cleaning, Awake, Waiting) != Waiting)
            {
                return;
            }
        }
        else if (_queue.IsEmpty)
        {
            Interlocked.Exchange(ref _cleaning, Asleep); // a fence: whoever retires something sees it, or we see what was retired
            if (_queue.IsEmpty || Interlocked.CompareExchange(ref _cleaning, Awake, Asleep) != Asleep)
            {
                return;
            }
        }

        _host.Queue(_slice);
    }

    private void Help()
    {
        if (_isReleasing)
        {
            return;
        }

        var released = 0;
        for (var i = 0; i < HelpSize && _queue.TryDequeue(out var retired); i++)
        {
            released += Release(retired) ? 1 : 0;
            Interlocked.Increment(ref _helped);
        }

        Interlocked.Add(ref _released.Value, released);
        SignalIfDrained();
    }

    // Releases a thing, or begins to. Says whether that is over; if not, it is counted when it is.
    private unsafe bool Release(in Retired retired)
    {
        var outer = _isReleasing;
        _isReleasing = true;
        try
        {
            switch (retired.Kind)
            {
                case RetiredKind.Disposable:
                    ((IDisposable)retired.Target!).Dispose();
                    break;
                case RetiredKind.AsyncDisposable:
                    return Release((IAsyncDisposable)retired.Target!);
                case RetiredKind.Action:
                    ((Action)retired.Target!)();
                    break;
                case RetiredKind.ActionWithState:
                    ((Action<object?>)retired.Target!)(retired.State);
                    break;
                case RetiredKind.NativeMemory:
                    NativeMemory.Free((void*)retired.Pointer);
                    break;
                default:
                    NativeMemory.AlignedFree((void*)retired.Pointer);
                    break;
            }
        }
        catch (Exception exception)
        {
            OnFailed(exception);
        }
        finally
        {
            _isReleasing = outer;
        }

        return true;
    }

    private bool Release(IAsyncDisposable resource)
    {
        var disposal = resource.DisposeAsync();
        if (disposal.IsCompleted)
        {
            disposal.GetAwaiter().GetResult(); // completed: throws what it failed with
            return true;
        }

        Interlocked.Increment(ref _pending);
        _ = FollowAsync(disposal);
        return false;
    }

    private async Task FollowAsync(ValueTask disposal)
    {
        try
        {
            await disposal;
        }
        catch (Exception exception)
        {
            OnFailed(exception);
        }

        Interlocked.Increment(ref _released.Value);
        Interlocked.Decrement(ref _pending); // a fence: pairs with the one in GoOn
        if (Volatile.Read(ref _cleaning) == Waiting && Interlocked.CompareExchange(ref _cleaning, Awake, Waiting) == Waiting)
        {
            _host.Queue(_slice);
        }

        SignalIfDrained();
    }

    private void OnFailed(Exception exception)
    {
        Interlocked.Increment(ref _failed);
        _host.Report(exception);
    }

    /// <summary>The work item of the cleaning. There is one, and it is queued by whoever turns <see cref="_cleaning"/> to awake.</summary>
    private sealed class Slice(CleanupQueue owner) : WorkItem
    {
        internal override string Name => "cleanup";

        internal override void Run() => owner.RunSlice();

        internal override bool TryCancelUnstarted() => false;

        protected override void Execute() => Run();
    }
}
