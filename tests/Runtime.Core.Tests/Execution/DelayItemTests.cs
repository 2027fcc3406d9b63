using Runtime.Core.Execution;
using Runtime.Core.Tests.Timing;
using Runtime.Core.Timing;

namespace Runtime.Core.Tests.Execution;

public sealed class DelayItemTests
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);

    // The timer thread has taken the delay out of its wheel and has not come to it: from then on it alone may settle, for it will touch the object, which may serve another wait as soon as it is settled.
    [Fact]
    public async Task Cancel_WhenTheTimerThreadHasTakenTheDelayOut_LeavesTheSettlingToIt()
    {
        // The thread that arms may be moved to another processor, and so to another shard, between the two; the delay is then found in its wheel.
        for (var attempt = 0; attempt < 100; attempt++)
        {
            if (await TryAsync())
            {
                return;
            }
        }

        Assert.Fail("The two were never in one shard.");
    }

    private static async Task<bool> TryAsync()
    {
        var time = new TickClockTests.ManualTime(frequency: 1_000);
        var service = new TimerService(Tick, "test-timers", new RuntimeTimers.Sink(RuntimeTimers.ToThreadPool), time);
        service.Start();
        using var source = new CancellationTokenSource();
        using var blocker = new Blocker();
        service.ShardForCaller().Arm(blocker, Tick);
        var pool = new ItemPool();
        var item = pool.Take<DelayItem>();
        var delay = new ValueTask<bool>(item, item.Start(pool, service, Tick, TimeSpan.Zero, source.Token));
        time.Now = 1;
        blocker.Entered.Wait(Waiting.HangGuard).ShouldBeTrue();

        await source.CancelAsync();
        var isOneShard = service.Snapshot().Cancelled == 0;
        if (isOneShard)
        {
            delay.IsCompleted.ShouldBeFalse();
        }

        blocker.GoOn.Set();
        (await delay.AsTask().Guarded()).ShouldBe(isOneShard);
        service.Stop();
        return isOneShard;
    }

    // Comes before the delay, in the same step of the thread.
    private sealed class Blocker : TimerEntry, IDisposable
    {
        public ManualResetEventSlim Entered { get; } = new();

        public ManualResetEventSlim GoOn { get; } = new();

        public void Dispose()
        {
            Entered.Dispose();
            GoOn.Dispose();
        }

        internal override bool TryEnd()
        {
            Entered.Set();
            GoOn.Wait(Waiting.HangGuard);
            return true;
        }

        protected override void Execute()
        {
        }
    }
}
