// CpuShare: how much processor time all workers together may use, as one word: until when what they have used is paid for.
//
// The generic cell rate algorithm (ITU-T I.371; a token bucket without a counter to refill). Processor time t used at the rate of p processors is paid for after t / p. Each charge moves the word on by that,
// from now at the earliest, less the burst: what was not used before counts for that much. While the word lies ahead of now the workers are in debt, and the difference is exactly how long to sleep.
// The debt is bounded: one item that computes for a minute does not stop everything for several.
// Shared: _paidUntil, written by workers through compare-exchange. A lost race is repeated; nothing is charged twice or forgotten.
using Runtime.Core.Concurrency;

namespace Runtime.Core.Scheduling;

/// <summary>The share of the processors that work may use. See the head of the file.</summary>
/// <remarks>Thread safe. All times in ticks of <see cref="MonotonicClock.Timestamp"/>.</remarks>
/// <param name="processors">How many processors it comes to; more than zero.</param>
/// <param name="mostDebt">The longest debt.</param>
internal sealed class CpuShare(double processors, TimeSpan mostDebt)
{
    /// <summary>How much time without work counts for later: some ticks of the system, so that items shorter than these are not held up one by one.</summary>
    public static readonly TimeSpan Burst = TimeSpan.FromMilliseconds(20);

    /// <summary>The longest debt: what a human takes for a pause and not for a stop.</summary>
    public static readonly TimeSpan MostDebt = TimeSpan.FromSeconds(1);

    private static readonly long BurstTicks = MonotonicClock.ToTicks(Burst);
    private readonly long _mostDebt = MonotonicClock.ToTicks(mostDebt);

    private AtomicInt64 _paidUntil;

    public double Processors { get; } = processors;

    /// <summary>Takes processor time into account.</summary>
    public void Charge(long used, long now)
    {
        var cost = (long)(used / Processors);
        while (true)
        {
            var seen = _paidUntil.Value;
            var next = Math.Min(Math.Max(seen, now - BurstTicks) + cost, now + _mostDebt);
            if (_paidUntil.CompareExchange(next, seen) == seen)
            {
                return;
            }
        }
    }

    /// <summary>How long it takes until all is paid for; zero or less when it is.</summary>
    public long DebtAt(long now) => _paidUntil.Value - now;
}
