namespace Runtime.Core.Scheduling;

// The poller in which idle workers wait for what happens outside.
internal sealed partial class Scheduler
{
    /// <summary>Where idle workers wait; <see langword="null"/> when only their parkers wake them. Set before the start.</summary>
    public IIdlePoller? Poller { get; set; }

    /// <summary>Sees to it that somebody polls although all who are awake are stuck. Monitor only.</summary>
    public void LookAfterPoller()
    {
        if (Poller is not { IsWanted: true, IsOverdue: true } poller)
        {
            return;
        }

        // Best is a worker that has nothing else to do: it goes inside and stays there.
        if (Idle.Parked != 0 && Idle.WakeOne())
        {
            return;
        }

        if (poller.TryEnter())
        {
            if (poller.Poll(wait: false))
            {
                poller.Serve();
            }

            poller.Leave();
            Notify(); // a worker that wanted in meanwhile has gone to sleep, perhaps as the last one; this thread does not come back before it
        }
    }
}
