using Runtime.Core.Concurrency;

namespace Runtime.Core.Scheduling;

// A worker and the poller: it rests inside instead of on its parker when nobody else does, and comes by without waiting while it is busy.
// The protocol and why no wake-up is lost: README.md, "A worker that waits in the poller".
internal sealed partial class Worker
{
    // Work that takes so long on average keeps its worker from the poller for so long: then another worker is woken to wait there.
    private const double TakeOverMicroseconds = 100;

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

        _inPoller.Exchange(1); // a fence; pairs with the one in Unpark: its token is seen here, or this is seen there
        bool isWoken;
        do
        {
            isWoken = _parker.Park(TimeSpan.Zero);
        }
        while (!isWoken && !poller.Poll(wait: true));

        _inPoller.Value = 0;
        if (!isWoken && !_scheduler.Idle.Remove(this))
        {
            _parker.Park(); // a waker took this worker out just now: its token is on the way, and says that it counts as searching
        }

        return poller;
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
