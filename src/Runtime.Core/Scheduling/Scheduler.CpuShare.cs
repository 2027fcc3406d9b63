using Runtime.Core.Concurrency;

namespace Runtime.Core.Scheduling;

// The share of the processors that all workers together may use.
internal sealed partial class Scheduler
{
    // Null while there is no bound; replaced whole. A new share begins without debt.
    private volatile CpuShare? _cpuShare;

    // How long workers have waited for it, in timestamp ticks; by Interlocked.
    private AtomicInt64 _throttled;

    public CpuShare? CpuShare => _cpuShare;

    public DebtorSet Debtors { get; } = new();

    /// <summary>How long workers have waited for the share, all of them together.</summary>
    public TimeSpan ThrottledTime => MonotonicClock.ToDuration(_throttled.Value);

    /// <summary>Bounds the workers' processor time, from the next item on.</summary>
    /// <param name="processors">How many processors they may keep busy; <see langword="null"/> for no bound.</param>
    public void SetCpuShare(double? processors)
    {
        if (_cpuShare?.Processors == processors)
        {
            return;
        }

        UseCpuShare(processors is { } some ? new CpuShare(some, Scheduling.CpuShare.MostDebt) : null);
    }

    /// <summary>Puts a share in the place of the present one, and has those who wait for that look at this.</summary>
    public void UseCpuShare(CpuShare? share)
    {
        _cpuShare = share;
        Fence.Full(); // pairs with the fence in DebtorSet.Enter: it sees the new share, or we see it sleep
        while (Debtors.Count > 0)
        {
            Debtors.WakeOne();
        }
    }

    public void CountThrottled(long ticks) => _throttled.Add(ticks);

    // After an add to the lanes, which was a fence.
    private void WakeDebtorFor(TaskPriority priority)
    {
        if (priority == TaskPriority.Critical && Debtors.Count > 0)
        {
            Debtors.WakeOne();
        }
    }
}
