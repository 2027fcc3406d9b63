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

    // The weight of the newest sample.
    private const double Weight = 0.125;

    // A search that found nothing goes on for a while, if it is the only one: waking a thread costs the producer as much as a hundred small items.
    // In rounds of about 0.3 µs; at most some 20 µs, halved each time it was in vain, so that a runtime with little to do spends next to nothing on it.
    private const int MostRounds = 64;
    private const int FewestRounds = 2;
    private const int RoundLength = 8;

    // The smoothed run time of an item, in µs; sampled. Owner only, as all below.
    private double _meanRun;

    private int _injectorInterval = FirstInterval;
    private int _untilInjector = FirstInterval;

    private int _lingerRounds = MostRounds;

    private void TuneInjectorInterval()
    {
        var run = MonotonicClock.ToDuration(Counters.LastRun).TotalMicroseconds;
        _meanRun = _meanRun == 0 ? run : _meanRun + (Weight * (run - _meanRun));
        _injectorInterval = (int)Math.Clamp(TargetMicroseconds / Math.Max(_meanRun, 0.001), FewestItems, MostItems);
    }

    /// <summary>Looks a little longer.</summary>
    /// <returns>Whether there is work now.</returns>
    private bool Linger()
    {
        if (!_scheduler.MayLinger || _scheduler.Idle.Searching > 1)
        {
            return false;
        }

        for (var round = 0; round < _lingerRounds && !_retiring && !_scheduler.IsClosed; round++)
        {
            if (_scheduler.HasWork())
            {
                _lingerRounds = Math.Min(_lingerRounds * 2, MostRounds);
                return true;
            }

            Thread.SpinWait(RoundLength);
        }

        _lingerRounds = Math.Max(_lingerRounds / 2, FewestRounds);
        return false;
    }
}
