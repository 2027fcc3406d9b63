using Runtime.Hosting.Queues;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Queues;

public sealed class DrainRateTests
{
    private const long Second = 1000;

    [Fact]
    public void PerSecond_SteadyFlow_IsItsRate()
    {
        var rate = new DrainRate(Second);
        rate.OnBusy(0);

        for (var now = 10; now <= 3000; now += 10)
        {
            rate.OnLeft(now);
        }

        rate.PerSecond.ShouldBe(100, 1);
    }

    [Fact]
    public void PerSecond_IdleTimeBetweenBursts_DoesNotCount()
    {
        var rate = new DrainRate(Second);
        var now = 0L;
        for (var burst = 0; burst < 20; burst++)
        {
            rate.OnBusy(now);
            for (var i = 0; i < 10; i++)
            {
                now += 10;
                rate.OnLeft(now);
            }

            rate.OnIdle(now);
            now += 3600 * Second;
        }

        rate.PerSecond.ShouldBe(100, 5);
    }

    [Fact]
    public void PerSecond_TheFlowChanges_FollowsWithinSomeSeconds()
    {
        var rate = new DrainRate(Second);
        rate.OnBusy(0);
        var now = 0L;
        for (; now < 5000; now += 10)
        {
            rate.OnLeft(now);
        }

        for (; now < 35_000; now += 100)
        {
            rate.OnLeft(now);
        }

        rate.PerSecond.ShouldBe(10, 1);
    }

    [Fact]
    public void TimeFor_IsWholeSecondsAndOneAtLeast()
    {
        var rate = new DrainRate(Second);
        rate.TimeFor(1, 0).ShouldBe(TimeSpan.FromSeconds(1), "nothing is known yet");
        rate.OnBusy(0);
        for (var now = 100; now <= 2000; now += 100)
        {
            rate.OnLeft(now);
        }

        rate.TimeFor(1, 2000).ShouldBe(TimeSpan.FromSeconds(1));
        rate.TimeFor(95, 2000).ShouldBe(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void TimeFor_NothingLeavesForLong_GrowsWithThatUpToAnHour()
    {
        var rate = new DrainRate(Second);
        rate.OnBusy(0);

        rate.TimeFor(1, 30 * Second).ShouldBe(TimeSpan.FromSeconds(30));
        rate.TimeFor(1, 100_000 * Second).ShouldBe(TimeSpan.FromHours(1));
    }

    [Fact]
    public async Task EstimateRetryAfter_OfAQueue_IsZeroWithRoomAndFollowsTheRateWhenFull()
    {
        var clock = new ManualClock();
        await using var rig = await QueueRig.StartSerialAsync(static options => options.Queue.Capacity = 10, clock: clock);
        rig.Queue.EstimateRetryAfter().ShouldBe(TimeSpan.Zero);
        var gate = await rig.HoldAsync();

        // One item leaves the queue every two seconds.
        var steps = new SemaphoreSlim(0);
        var ran = new SemaphoreSlim(0);
        for (var i = 0; i < 10; i++)
        {
            await rig.Queue.EnqueueAsync(async ct =>
            {
                ran.Release();
                await steps.WaitAsync(ct);
            });
        }

        gate.Open();
        for (var i = 0; i < 5; i++)
        {
            await ran.WaitAsync().Guard();
            clock.Advance(TimeSpan.FromSeconds(2));
            steps.Release();
        }

        await ran.WaitAsync().Guard();
        while (rig.Queue.TryEnqueue(static ct => ValueTask.CompletedTask, out _))
        {
            // until it is full
        }

        rig.Queue.EstimateRetryAfter().ShouldBe(TimeSpan.FromSeconds(2));
        steps.Release(100);
    }
}
