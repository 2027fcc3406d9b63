namespace Runtime.Core.Tests.IO;

/// <summary>Who waits in the poller, and who looks when nobody can.</summary>
public sealed class PollerTests
{
    [Fact]
    public async Task Runtime_NothingRegistered_NeverPolls()
    {
        await using var runtime = await StartAsync(workers: 2);
        for (var round = 0; round < 1_000; round++)
        {
            await runtime.Spawn(static async _ => await AsyncRuntime.Yield());
        }

        var snapshot = runtime.Snapshot().IO;
        (snapshot.Polls, snapshot.WakeUps, snapshot.Poller).ShouldBe((0, 0, "none"));
    }

    [Fact]
    public async Task Register_AllWorkersParked_OneComesAndWaits()
    {
        await using var runtime = await StartAsync(workers: 2);
        using var pair = new SocketPair();
        using var registration = runtime.EventLoop.Register(pair.Near);
        var readable = registration.ReadableAsync().AsTask();
        pair.Far.Send([1]);
        await readable.Guarded();
        runtime.Snapshot().IO.Events.ShouldBePositive();
    }

    // A post to a runtime whose only worker waits in the poller has to end that wait, time after time.
    [Fact]
    public async Task Post_OnlyWorkerWaitsInThePoller_NoWakeUpIsLost()
    {
        await using var runtime = await StartAsync(workers: 1);
        using var pair = new SocketPair();
        using var registration = runtime.EventLoop.Register(pair.Near);
        for (var round = 0; round < 5_000; round++)
        {
            await runtime.Spawn(static _ => ValueTask.CompletedTask).Guarded();
        }

        runtime.Snapshot().IO.WakeUps.ShouldBePositive();
    }

    [Fact]
    public async Task ReadableAsync_AwaiterIsResumedByTheWorkerThatWaited_WithOneWorkerAndNoOtherThread()
    {
        await using var runtime = await StartAsync(workers: 1);
        using var pair = new SocketPair();
        using var registration = runtime.EventLoop.Register(pair.Near);
        var threads = await runtime.Spawn(async _ =>
        {
            var before = Environment.CurrentManagedThreadId;
            var readable = registration.ReadableAsync();
            pair.Far.Send([1]);
            await readable;
            return (before, Environment.CurrentManagedThreadId);
        }).Guarded();
        threads.before.ShouldBe(threads.CurrentManagedThreadId);
    }

    // One worker, in an item that does not end before the event was told: only the monitor can have looked.
    [Fact]
    public async Task ReadableAsync_EveryWorkerIsBusy_TheMonitorLooks()
    {
        await using var runtime = new AsyncRuntime(new AsyncRuntimeOptions { WorkerThreads = 1, MaxWorkerThreads = 1, MaxReserveThreads = 0 });
        await runtime.StartAsync();
        using var pair = new SocketPair();
        using var registration = runtime.EventLoop.Register(pair.Near);
        var readable = registration.ReadableAsync().AsTask(); // the test's own await: it needs no worker to go on
        var hold = runtime.Spawn(_ =>
        {
            pair.Far.Send([1]);
            while (!readable.IsCompleted)
            {
                Thread.SpinWait(100);
            }

            return ValueTask.CompletedTask;
        });
        await readable.Guarded();
        await hold.Guarded();
    }

    [Fact]
    public async Task ReadableAsync_EveryWorkerIsBlocked_GoesOn()
    {
        await using var runtime = await StartAsync(workers: 2);
        using var pair = new SocketPair();
        using var registration = runtime.EventLoop.Register(pair.Near);
        var readable = registration.ReadableAsync().AsTask();
        var blocked = Enumerable.Range(0, 2).Select(_ => runtime.Spawn(_ =>
        {
            ((IAsyncResult)readable).AsyncWaitHandle.WaitOne();
            return ValueTask.CompletedTask;
        })).ToArray();
        pair.Far.Send([1]);
        await Task.WhenAll(blocked).Guarded();
    }

    // Busy with work that never ends by itself, so never parked: it has to come by in between.
    [Fact]
    public async Task ReadableAsync_WorkerNeverParks_IsSeenInBetween()
    {
        await using var runtime = await StartAsync(workers: 1);
        using var pair = new SocketPair();
        using var registration = runtime.EventLoop.Register(pair.Near);
        await runtime.Spawn(async _ =>
        {
            var readable = registration.ReadableAsync().AsTask();
            pair.Far.Send([1]);
            while (!readable.IsCompleted)
            {
                await AsyncRuntime.Yield();
            }
        }).Guarded();
    }

    [Fact]
    public async Task Resize_WorkersUpAndDownWhileOneWaitsInside_EventsAreSeen()
    {
        await using var runtime = await StartAsync(workers: 2);
        using var pair = new SocketPair();
        using var registration = runtime.EventLoop.Register(pair.Near);
        var buffer = new byte[8];
        for (var round = 0; round < 50; round++)
        {
            runtime.Reconfigure(new AsyncRuntimeOptions { WorkerThreads = 1 + (round % 3), MaxWorkerThreads = 3 });
            var readable = registration.ReadableAsync().AsTask();
            pair.Far.Send([1]);
            var ready = await readable.Guarded();
            pair.Near.Receive(buffer).ShouldBe(1);
            registration.Clear(ready);
        }
    }

    [Fact]
    public async Task Idle_WithRegistrations_NobodyIsWoken()
    {
        await using var runtime = await StartAsync(workers: 2);
        using var pair = new SocketPair();
        using var registration = runtime.EventLoop.Register(pair.Near);
        var readable = registration.ReadableAsync().AsTask();
        pair.Far.Send([1]);
        registration.Clear(await readable.Guarded());

        // At rest is: somebody waits inside, and parks and polls stand still for as long as it takes to look a thousand times.
        // A loop that nobody attends, or that keeps waking somebody, never comes to that.
        var before = runtime.Snapshot();
        var same = 0;
        SpinWait.SpinUntil(AtRest, Waiting.HangGuard).ShouldBeTrue("all come to rest, one of them inside");

        bool AtRest()
        {
            var now = runtime.Snapshot();
            same = now.IO.Unattended == TimeSpan.Zero && Activity(now) == Activity(before) ? same + 1 : 0;
            before = now;
            return same >= 1_000;
        }

        static (long Parks, long Polls, long Executed) Activity(RuntimeSnapshot snapshot) =>
            (snapshot.Workers.Sum(static worker => worker.Parks), snapshot.IO.Polls, snapshot.Executed);
    }

    private static async Task<AsyncRuntime> StartAsync(int workers)
    {
        var runtime = new AsyncRuntime(new AsyncRuntimeOptions { WorkerThreads = workers, MaxWorkerThreads = Math.Max(3, workers) });
        await runtime.StartAsync();
        return runtime;
    }
}
