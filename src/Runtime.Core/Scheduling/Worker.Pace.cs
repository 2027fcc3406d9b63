using System.Numerics;
using Runtime.Core.Concurrency;

namespace Runtime.Core.Scheduling;

// How often a worker turns to what is not in its own queue, and how long it looks before it sleeps.
internal sealed partial class Worker
{
    // Tokio's rule: the injector at least every 200 µs of work, whatever the items take, within these bounds; until something has been measured, the
    // traditional prime.
    private const double TargetMicroseconds = 200;
    private const int FewestItems = 2;
    private const int MostItems = 127;
    private const int FirstInterval = 61;

    // What it costs to wake a thread, on both sides: what those who are awake will have done before that is not worth it. So while items take
    // longer than this, every item that waits wakes a worker; while they take 50 ns, a few hundred do. What the mean did not foretell, an item
    // that takes long after many short ones, the monitor sees.
    private const double WakeMicroseconds = 30;
    private const int MostForAWake = 1024;

    // See ShareIfBusy.
    private const double BusyMicroseconds = 10 * WakeMicroseconds;
    private const int FewestToShare = 4;

    // The weight of the newest sample.
    private const double Weight = 0.125;

    // A search that found nothing goes on for a while, if it is the only one: waking a thread costs the producer as much as a hundred small items.
    // In rounds of about 0.6 µs; at most some 20 µs, halved each time it was in vain, so that a runtime with little to do spends next to nothing on it.
    // The pause comes before the look: looking takes the line that a producer is writing away from it, and a batch is worth more than the next item.
#if MODEL
    private const int MostRounds = 1;
    private const int FewestRounds = 1;
    private const int GatherRounds = 0;
#else
    private const int MostRounds = 32;
    private const int FewestRounds = 2;
    private const int GatherRounds = 8;
#endif
    private const int RoundLength = 16;

    // See LetGather.
    private const int Gathered = 64;
    private const int MostGathersSkipped = 64;

    // The smoothed run time of an item, in µs; sampled. Owner only, as all below.
    private double _meanRun;

    // The two samples before.
    private double _oldRun;
    private double _olderRun;

    private int _injectorInterval = FirstInterval;
    private int _untilInjector = FirstInterval;

    private int _lingerRounds = MostRounds;

    // How many visits to the injector go without a wait, since the last wait was in vain, and how many the next vain one costs.
    private int _gathersToSkip;
    private int _gatherPenalty;

    // Since when the worker has not parked, or has last asked for help. In timestamp ticks.
    private long _busySince;

    // When a run has been measured.
    private void Pace()
    {
        var run = MiddleOfThree(MonotonicClock.ToDuration(Counters.LastRun).TotalMicroseconds);
        _meanRun = _meanRun == 0 ? run : _meanRun + (Weight * (run - _meanRun));
        _injectorInterval = (int)Math.Clamp(TargetMicroseconds / Math.Max(_meanRun, 0.001), FewestItems, MostItems);
        _scheduler.WorthAWake = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Clamp(WakeMicroseconds / Math.Max(_meanRun, 0.001), 1, MostForAWake));
        ShareIfBusy();
    }

    // Few items that come back again and again, as those that yield do, are never worth a wake by their number. A worker that has been busy for ten times what a
    // wake costs will most likely be so for as long again: half of what it has is worth one then.
    private void ShareIfBusy()
    {
        var now = MonotonicClock.Timestamp;
        if (MonotonicClock.ToDuration(now - _busySince).TotalMicroseconds < BusyMicroseconds)
        {
            return;
        }

        _busySince = now;
        if (_scheduler.Idle.NeedsWake && Queue.Count >= FewestToShare)
        {
            _scheduler.Idle.WakeOne();
        }
    }

    // A worker that is faster than a producer would take its items one by one, and they would hand the lines of the ring to and fro with each. So it waits while more
    // come, some 5 µs at the most: for 0.6 µs at a time, as long as each of them brings something. A wait in which nothing comes puts off the next ones.
    private void LetGather()
    {
        var seen = _scheduler.Injector.Count;
        if (seen == 0 || seen >= Gathered || _gathersToSkip-- > 0)
        {
            return;
        }

        _gathersToSkip = 0;
        for (var round = 0; round < GatherRounds && seen < Gathered; round++)
        {
            Thread.SpinWait(RoundLength);
            var count = _scheduler.Injector.Count;
            if (count <= seen)
            {
                _gatherPenalty = round > 0 ? 0 : Math.Min(Math.Max(1, _gatherPenalty * 2), MostGathersSkipped);
                _gathersToSkip = _gatherPenalty;
                return;
            }

            seen = count;
        }

        _gatherPenalty = 0;
    }

    // One run in which the thread lost its processor must not pass for a change of pace.
    private double MiddleOfThree(double run)
    {
        var (older, old) = (_olderRun, _oldRun);
        (_olderRun, _oldRun) = (old, run);
        return Math.Max(Math.Min(older, old), Math.Min(Math.Max(older, old), run));
    }

    /// <summary>Looks a little longer.</summary>
    /// <returns>Whether there is work now.</returns>
    private bool Linger()
    {
        if (!_scheduler.MayLinger || _scheduler.Idle.Searching > 1)
        {
            return false;
        }

        for (var round = 0; round < _lingerRounds && !IsRetiring && !_scheduler.IsClosed; round++)
        {
            Thread.SpinWait(RoundLength);
            if (_scheduler.HasWork())
            {
                _lingerRounds = Math.Min(_lingerRounds * 2, MostRounds);
                return true;
            }
        }

        _lingerRounds = Math.Max(_lingerRounds / 2, FewestRounds);
        return false;
    }
}
