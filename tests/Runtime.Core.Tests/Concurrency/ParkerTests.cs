using System.Diagnostics;
using Runtime.Core.Concurrency;

namespace Runtime.Core.Tests.Concurrency;

public sealed class FutexParkerTests : ParkerTests
{
    private protected override Parker CreateParker() => FutexParker.IsSupported ? new FutexParker() : new MonitorParker();

    [Fact]
    public void Create_OnLinuxX64AndArm64_IsTheFutexParker()
    {
        using var parker = Parker.Create();

        parker.ShouldBeOfType(FutexParker.IsSupported ? typeof(FutexParker) : typeof(MonitorParker));
        if (OperatingSystem.IsLinux())
        {
            FutexParker.IsSupported.ShouldBeTrue();
        }
    }
}

public sealed class MonitorParkerTests : ParkerTests
{
    private protected override Parker CreateParker() => new MonitorParker();
}

/// <summary>What every parker must do. Each test has a hang guard: a lost wake is a failure, not a stuck run.</summary>
public abstract class ParkerTests
{
    private static readonly TimeSpan HangGuard = TimeSpan.FromSeconds(30);

    private protected abstract Parker CreateParker();

    [Fact]
    public void Park_AfterUnpark_ReturnsAtOnceAndTakesTheToken()
    {
        using var parker = CreateParker();
        parker.Unpark();

        parker.Park(HangGuard).ShouldBeTrue();

        parker.Park(TimeSpan.Zero).ShouldBeFalse();
    }

    [Fact]
    public void Park_AfterManyUnparks_FindsOneToken()
    {
        using var parker = CreateParker();
        parker.Unpark();
        parker.Unpark();
        parker.Unpark();

        parker.Park(TimeSpan.Zero).ShouldBeTrue();

        parker.Park(TimeSpan.Zero).ShouldBeFalse();
    }

    [Fact]
    public void Park_WhenTheTimeIsOver_ReturnsFalseAndNotBefore()
    {
        using var parker = CreateParker();
        var timeout = TimeSpan.FromMilliseconds(20.3);
        var start = Stopwatch.GetTimestamp();

        parker.Park(timeout).ShouldBeFalse();

        Stopwatch.GetElapsedTime(start).ShouldBeGreaterThanOrEqualTo(timeout);
    }

    [Fact]
    public void Park_AfterATimedOutPark_StillTakesAToken()
    {
        using var parker = CreateParker();
        parker.Park(TimeSpan.FromMilliseconds(1)).ShouldBeFalse();
        parker.Unpark();

        parker.Park(HangGuard).ShouldBeTrue();
    }

    [Theory]
    [InlineData(-2)]
    [InlineData(long.MinValue)]
    public void Park_WithANegativeTime_Throws(long ticks)
    {
        using var parker = CreateParker();

        Should.Throw<ArgumentOutOfRangeException>(() => parker.Park(TimeSpan.FromTicks(ticks)));
    }

    [Fact]
    public async Task Unpark_WhileTheOwnerIsParked_WakesIt()
    {
        using var parker = CreateParker();
        var owner = StartParked(parker.Park);

        parker.Unpark();

        await owner.WaitAsync(HangGuard);
    }

    [Fact]
    public async Task Unpark_WhileTheOwnerIsParkedWithTheLongestTime_WakesIt()
    {
        using var parker = CreateParker();
        var woken = false;
        var owner = StartParked(() => woken = parker.Park(TimeSpan.MaxValue));

        parker.Unpark();

        await owner.WaitAsync(HangGuard);
        woken.ShouldBeTrue();
    }

    [Fact]
    public async Task Park_DuringGarbageCollections_DoesNotHoldThemUp()
    {
        using var parker = CreateParker();
        var owner = StartParked(parker.Park);

        await Task.Run(() => GC.Collect()).WaitAsync(HangGuard);

        parker.Unpark();
        await owner.WaitAsync(HangGuard);
    }

    [Fact]
    public void Park_AfterDispose_Throws()
    {
        var parker = CreateParker();
        parker.Dispose();
        parker.Dispose();

        Should.Throw<ObjectDisposedException>(parker.Park);
        Should.Throw<ObjectDisposedException>(() => parker.Park(TimeSpan.Zero));
    }

    [Fact]
    public async Task Unpark_RacingWithDispose_IsHarmless()
    {
        for (var round = 0; round < 1_000; round++)
        {
            var parker = CreateParker();
            using var start = new Barrier(2);
            var other = Task.Run(() =>
            {
                start.SignalAndWait();
                parker.Unpark();
                parker.Unpark();
            });

            start.SignalAndWait();
            parker.Dispose();
            parker.Unpark();
            await other.WaitAsync(HangGuard);
        }
    }

    [Fact]
    public async Task Park_InPingPong_NeverLosesAToken()
    {
        const int Rounds = 100_000;
        using var ping = CreateParker();
        using var pong = CreateParker();
        var turns = 0;
        var left = StartThread(() =>
        {
            for (var i = 0; i < Rounds; i++)
            {
                turns++;
                pong.Unpark();
                ping.Park();
            }
        });
        var right = StartThread(() =>
        {
            for (var i = 0; i < Rounds; i++)
            {
                pong.Park();
                turns++;
                ping.Unpark();
            }
        });

        await Task.WhenAll(left, right).WaitAsync(TimeSpan.FromMinutes(2));

        // A plain counter: it is exact only if each park sees what was written before the unpark.
        turns.ShouldBe(2 * Rounds);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Park_WithManyProducers_SeesEveryItem(bool timed)
    {
        const int Producers = 4;
        const int PerProducer = 50_000;
        using var parker = CreateParker();
        long published = 0;
        long seen = 0;

        // The consumer parks as soon as it has seen all there is. One lost unpark, the last one in particular, and it sleeps on.
        var consumer = StartThread(() =>
        {
            var pause = TimeSpan.FromMicroseconds(50);
            while (seen < Producers * PerProducer)
            {
                var now = Interlocked.Read(ref published);
                if (now != seen)
                {
                    seen = now;
                }
                else if (timed)
                {
                    // Times out often: here the timeout races with the unpark. The untimed park after it must get that token.
                    if (!parker.Park(pause) && Interlocked.Read(ref published) == seen)
                    {
                        parker.Park();
                    }
                }
                else
                {
                    parker.Park();
                }
            }
        });
        var producers = Enumerable.Range(0, Producers).Select(_ => StartThread(() =>
        {
            for (var i = 0; i < PerProducer; i++)
            {
                Interlocked.Increment(ref published);
                parker.Unpark();
            }
        })).ToArray();

        await Task.WhenAll(producers).WaitAsync(TimeSpan.FromMinutes(1));
        await consumer.WaitAsync(HangGuard);

        seen.ShouldBe(Producers * PerProducer);
    }

    private static Task StartThread(Action body)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try
            {
                body();
                ended.SetResult();
            }
            catch (Exception e)
            {
                ended.SetException(e);
            }
        })
        {
            IsBackground = true,
        };
        thread.Start();
        return ended.Task;
    }

    // Returns when the owner is about to park. A test that uses it holds whether the owner is asleep by then or not;
    // the ping-pong test goes through both orders thousands of times.
    private static Task StartParked(Action park)
    {
        var about = new ManualResetEventSlim();
        var ended = StartThread(() =>
        {
            about.Set();
            park();
        });
        about.Wait(HangGuard).ShouldBeTrue();
        Thread.Yield();
        return ended;
    }
}
