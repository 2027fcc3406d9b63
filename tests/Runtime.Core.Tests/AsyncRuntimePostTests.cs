using System.Collections.Concurrent;
using Runtime.Core.Lifecycle;

namespace Runtime.Core.Tests;

/// <summary>Posted delegates, which from outside are queued as they are: counted, reported and settled like any other work.</summary>
public sealed class AsyncRuntimePostTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Post_SomeThrow_EachIsCountedAndReported(bool fromAWorker)
    {
        await using var runtime = new AsyncRuntime(new AsyncRuntimeOptions { WorkerThreads = 2, Isolation = WorkerIsolation.None });
        var reported = new ConcurrentBag<string>();
        runtime.UnhandledException += (_, e) => reported.Add(((Exception)e.ExceptionObject).Message);
        await runtime.StartAsync();
        var ran = 0;

        void PostAll()
        {
            for (var i = 0; i < 300; i++)
            {
                var number = i;
                runtime.Post(() =>
                {
                    Interlocked.Increment(ref ran);
                    if (number % 3 == 0)
                    {
                        throw new FormatException("bad");
                    }
                });
            }
        }

        if (fromAWorker)
        {
            await runtime.Spawn(_ =>
            {
                PostAll();
                return ValueTask.CompletedTask;
            }).Guarded();
        }
        else
        {
            PostAll();
        }

        await runtime.StopAsync().Guarded();

        ran.ShouldBe(300);
        reported.Count.ShouldBe(100);
        var snapshot = runtime.Snapshot();
        (snapshot.Failed, snapshot.Finished, snapshot.Accepted).ShouldBe((100, fromAWorker ? 301 : 300, fromAWorker ? 301 : 300));
    }

    [Fact]
    public async Task Stop_PostedWorkStillQueued_IsCancelledAndCounted()
    {
        await using var runtime = new AsyncRuntime(new AsyncRuntimeOptions
        {
            WorkerThreads = 1, MaxReserveThreads = 0, Isolation = WorkerIsolation.None, Shutdown = { DrainTimeout = TimeSpan.Zero },
        });
        await runtime.StartAsync();
        using var gate = new ManualResetEventSlim();
        var atGate = Waiting.NewSignal();
        runtime.Post(() =>
        {
            atGate.SetResult();
            gate.Wait();
        });
        await atGate.Task.Guarded();
        var ran = 0;
        for (var i = 0; i < 100; i++)
        {
            runtime.Post(() => ran++);
        }

        var stop = runtime.StopAsync();
        SpinWait.SpinUntil(() => runtime.State != RuntimeState.Running, Waiting.HangGuard).ShouldBeTrue();
        gate.Set();
        await stop.Guarded();

        var snapshot = runtime.Snapshot();
        (snapshot.Accepted, snapshot.Finished, snapshot.Cancelled).ShouldBe((101, 101, 100 - ran));
    }

    [Fact]
    public async Task Post_WithAnAsyncLocal_ItFlows()
    {
        await using var runtime = new AsyncRuntime(new AsyncRuntimeOptions { WorkerThreads = 1, Isolation = WorkerIsolation.None });
        await runtime.StartAsync();
        var local = new AsyncLocal<string> { Value = "flows" };
        var seen = Waiting.NewSignal<string?>();

        runtime.Post(() => seen.SetResult(local.Value));

        (await seen.Task.Guarded()).ShouldBe("flows");
    }

    [Fact]
    public async Task Post_DelegateFromOutside_AllocatesNothing()
    {
        await using var runtime = new AsyncRuntime(new AsyncRuntimeOptions { WorkerThreads = 1, Isolation = WorkerIsolation.None });
        await runtime.StartAsync();
        var ran = 0;
        Action body = () => Interlocked.Increment(ref ran);
        var least = long.MaxValue;
        for (var round = 0; round < 50; round++)
        {
            var target = Volatile.Read(ref ran) + 50;
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 50; i++)
            {
                runtime.Post(body);
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            SpinWait.SpinUntil(() => Volatile.Read(ref ran) == target, Waiting.HangGuard).ShouldBeTrue();
        }

        least.ShouldBe(0);
    }
}
