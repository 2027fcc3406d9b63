using Runtime.Core.Concurrency;
using Runtime.Core.Scheduling;

namespace Runtime.Core.Tests.Scheduling;

public sealed class CpuShareTests
{
    private const long Start = 1_000_000_000_000;

    private static readonly long Millisecond = MonotonicClock.ToTicks(TimeSpan.FromMilliseconds(1));
    private static readonly long Burst = MonotonicClock.ToTicks(CpuShare.Burst);

    private readonly CpuShare _share = new(0.5, TimeSpan.FromSeconds(1));

    [Fact]
    public void Charge_LessThanTheBurst_IsNoDebt()
    {
        _share.Charge(Burst / 2, Start);

        _share.DebtAt(Start).ShouldBe(0);
        _share.Charge(Millisecond, Start);
        _share.DebtAt(Start).ShouldBe(2 * Millisecond, "half a processor pays for a millisecond in two");
    }

    [Fact]
    public void Charge_AsMuchAsTheShareForLong_StaysWithinTheBurst()
    {
        for (var i = 1; i < 10_000; i++)
        {
            _share.Charge(Millisecond, Start + (2 * i * Millisecond));
            _share.DebtAt(Start + (2 * i * Millisecond)).ShouldBeLessThanOrEqualTo(0);
        }
    }

    [Fact]
    public void Charge_WhoeverPaysTheDebtEachTime_UsesTheShare()
    {
        var now = Start;
        var used = 0L;
        while (now < Start + (10_000 * Millisecond))
        {
            now += 3 * Millisecond; // computes
            used += 3 * Millisecond;
            _share.Charge(3 * Millisecond, now);
            now += Math.Max(0, _share.DebtAt(now)); // sleeps
        }

        (used / (double)(now - Start)).ShouldBeInRange(0.5, 0.5 + (Burst / (double)(now - Start)) + 1e-3);
    }

    [Fact]
    public void Charge_AMinute_IsABoundedDebt()
    {
        _share.Charge(60_000 * Millisecond, Start);

        _share.DebtAt(Start).ShouldBe(1000 * Millisecond);
    }

    [Fact]
    public void Charge_TimeWithoutWork_CountsForNoMoreThanTheBurst()
    {
        _share.Charge(Burst, Start);
        _share.Charge(Burst, Start + (3_600_000 * Millisecond));

        _share.DebtAt(Start + (3_600_000 * Millisecond)).ShouldBe(Burst);
    }

    [Fact]
    public void Charge_ByManyThreads_LosesNothing()
    {
        var share = new CpuShare(1, TimeSpan.FromDays(1));
        Parallel.For(0, 8, _ =>
        {
            for (var i = 0; i < 10_000; i++)
            {
                share.Charge(1000, Start);
            }
        });

        share.DebtAt(Start).ShouldBe((8 * 10_000 * 1000L) - Burst);
    }
}
