using Runtime.Core.Scheduling;
using Runtime.Core.Timing;

namespace Runtime.Core.Execution;

// TimerCrowd: timers that are due together, on their way to the workers.
//
// Shared words   written by                                                              read by
//   _items       Fill, before the first round is sent; a round clears what it has taken  the round that has taken the place
//   _taken       rounds, by interlocked increment                                        rounds: whose place is whose
//   _rounds      whoever sends a round, and each at its end, by interlocked operations   the round that ends last
//
// Invariant: while an item is left there is a round that has not begun, or one that has begun and not taken its first. For a round that takes its first sends its successor
//            before it runs it, unless it was the last. So a callback that blocks its worker, or takes long, holds up nobody but itself.
// Life:      a round is counted before it is sent, by one that is counted itself, so the count falls to zero once, when all is done; the round that sees that gives the crowd back.
// Rejected:  each timer through the lane (twice the time of a crowd of 100,000); a queue of due timers for all rounds (its spill's lock, taken for every item).
// Tests:     TimerCallbackTests.
/// <summary>Up to 256 due timers, which rounds on several workers take one by one.</summary>
internal sealed class TimerCrowd : PooledItem
{
    // Callbacks in a round: enough to make the turn in the lane cheap, few enough for what is more urgent to get its turn soon.
    private const int MostInRound = 16;

    private readonly TimerPlace[] _items = new TimerPlace[TimerWheel.StepBudget];
    private WorkDispatcher? _dispatcher;
    private int _count;
    private int _taken;
    private int _rounds;

    /// <summary>Where its timers run. For a round that has not ended.</summary>
    public WorkDispatcher Dispatcher => _dispatcher!;

    /// <summary>Takes the timers. The caller then sends the first round.</summary>
    public void Fill(WorkDispatcher dispatcher, ReadOnlySpan<TimerPlace> timers)
    {
        _dispatcher = dispatcher;
        timers.CopyTo(_items);
        _count = timers.Length;
        _taken = 0;
    }

    /// <summary>Sends a round to the workers.</summary>
    public void SendRound()
    {
        Interlocked.Increment(ref _rounds);
        var round = _dispatcher!.Pool.Take<TimerRound>();
        round.Crowd = this;
        round.Priority = TaskPriority.High;
        _dispatcher.Dispatch(round);
    }

    /// <summary>Runs some of the timers. On a worker, or on the ThreadPool after the stop.</summary>
    /// <param name="round">Is told what runs.</param>
    public void Run(TimerRound round)
    {
        var dispatcher = _dispatcher!;
        for (var count = 0; count < MostInRound && TryTake(out var timer, out var isLast); count++)
        {
            if (count > 0)
            {
                Worker.Current?.BeginPart(TaskPriority.High);
            }
            else if (!isLast)
            {
                SendRound();
            }

            round.Current = timer;
            try
            {
                timer.Run();
            }
            catch (Exception exception)
            {
                dispatcher.OnUnhandled(exception);
            }
        }

        if (Interlocked.Decrement(ref _rounds) == 0)
        {
            _dispatcher = null;
            dispatcher.Pool.Return(this);
        }
    }

    protected override void Execute()
    {
    }

    private bool TryTake(out WorkItem timer, out bool isLast)
    {
        timer = null!;
        var place = Volatile.Read(ref _taken) < _count ? Interlocked.Increment(ref _taken) - 1 : _count;
        isLast = place >= _count - 1;
        if (place >= _count)
        {
            return false;
        }

        timer = _items[place].Entry!;
        _items[place].Entry = null;
        return true;
    }
}
