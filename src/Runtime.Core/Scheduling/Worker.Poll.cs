using Runtime.Core.Concurrency;

namespace Runtime.Core.Scheduling;

// A worker and the poller: it rests inside instead of on its parker when nobody else does, and comes by without waiting while it is busy.
// The protocol and why no wake-up is lost: README.md, "A worker that waits in the poller".
internal sealed partial class Worker
{
    // Work that takes so long on average keeps its worker from the poller for so long: then another worker is woken to wait there.
    private const double TakeOverMicroseconds = 100;

    // How long it looks before it sleeps inside: less than it costs to be woken, on both sides.
#if MODEL
    private const long LingerTicks = 0; // no time passes there: one look
#else
    private static readonly long LingerTicks = MonotonicClock.ToTicks(TimeSpan.FromMicroseconds(35));
#endif
    private const int MostLingersSkipped = 64;

    // How many waits it sleeps at once, and how many after the next failure. Owner only.
    private int _lingersToSkip;
    private int _lingerPenalty;

    private const int VisitsPerLook = 4;

    // How many visits to the injector until it looks in passing. Owner only, as the next one.
    private int _visitsUntilLook = VisitsPerLook;

    // Whether this thread rests in the poller, where its parker's token does not wake it. Written by the owner, read by whoever unparks it.
    private AtomicInt32 _inPoller;

    public override void Unpark()
    {
        _parker.Unpark();
        if (_scheduler.Poller is { } poller)
        {
            Fence.Full(); // the token, then the look; pairs with the exchange in Rest, where it is the other way round
            if (_inPoller.Value != 0)
            {
                poller.Wake();
            }
        }
    }

    /// <summary>Sleeps until it is woken, or until something has happened that it waits for on behalf of all.</summary>
    /// <returns>The poller, when this worker is inside and has to serve what has happened; it has left the idle set then.</returns>
    private IIdlePoller? Rest()
    {
        if (_scheduler.Poller is not { IsWanted: true } poller || !poller.TryEnter())
        {
            _parker.Park();
            return null;
        }

        var isWoken = false;
        if (!LingerInside(poller, ref isWoken))
        {
            _inPoller.Exchange(1); // a fence; pairs with the one in Unpark: its token is seen here, or this is seen there
            do
            {
                isWoken = _parker.Park(TimeSpan.Zero);
            }
            while (!isWoken && !poller.Poll(wait: true));

            _inPoller.Value = 0;
        }

        if (!isWoken && !_scheduler.Idle.Remove(this))
        {
            _parker.Park(); // a waker took this worker out just now: its token is on the way, and says that it counts as searching
        }

        return poller;
    }

    // Looks a little longer before it gives its processor away: to be woken costs both sides more, and the next message of a conversation comes within that time. In vain it is a
    // waste, so after a failure the next few waits go without, up to 64 when failures follow each other. Not while another worker is awake, which comes by itself; and it yields in
    // between: a thread that has what everybody waits for may be waiting for this very processor.
    private bool LingerInside(IIdlePoller poller, ref bool isWoken)
    {
        if (!_scheduler.MayLinger || _lingersToSkip-- > 0)
        {
            return false;
        }

        var end = MonotonicClock.Timestamp + LingerTicks;
        do
        {
            isWoken = _parker.Park(TimeSpan.Zero);
            if (isWoken || poller.Poll(wait: false))
            {
                _lingersToSkip = _lingerPenalty = 0;
                return true;
            }

            Thread.Yield();
        }
        while (_scheduler.Idle.AreAllParked && MonotonicClock.Timestamp < end);

        _lingersToSkip = _lingerPenalty = Math.Clamp(_lingerPenalty * 2, 1, MostLingersSkipped);
        return false;
    }

    private void ServeAndLeave(IIdlePoller poller)
    {
        poller.Serve();
        poller.Leave();
        if (_meanRun >= TakeOverMicroseconds && _scheduler.Idle.NeedsWake)
        {
            _scheduler.Idle.WakeOne(); // it finds nothing, or what was served here, and rests in the poller
        }
    }

    // With each fourth visit to the injector, so after some 800 µs of work that does not end. Not more often: what is found goes behind what waits, so nothing is gained by finding
    // it early, and a worker that has run what it had looks at the others' queues first, where older work may be stuck with a worker that has lost its processor.
    private void LookIntoPollerInPassing()
    {
        if (--_visitsUntilLook <= 0)
        {
            _visitsUntilLook = VisitsPerLook;
            LookIntoPoller();
        }
    }

    /// <summary>Looks for what has happened, without waiting.</summary>
    /// <returns>Whether anything was queued.</returns>
    private bool LookIntoPoller()
    {
        if (_scheduler.Poller is not { IsWanted: true } poller || !poller.TryEnter())
        {
            return false;
        }

        var found = poller.Poll(wait: false);
        if (found)
        {
            poller.Serve();
        }

        poller.Leave(); // whoever wanted in meanwhile rests on its parker; this worker comes back before it does
        return found;
    }
}
