using System.Collections.Concurrent;
using System.IO.Pipes;

namespace Runtime.Core.Tests;

/// <summary>User code that blocks its worker: everything else goes on.</summary>
public sealed class AsyncRuntimeBlockingTests
{
    public static TheoryData<string> WaysToBlock => ["result", "wait", "sleep", "lock", "event", "pipe"];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Spawn_HundredItemsThatBlockOnItemsOfTheirOwn_AllComplete(bool stealing)
    {
        await using var runtime = await StartedAsync(new AsyncRuntimeOptions { WorkerThreads = 2, EnableWorkStealing = stealing });

        var all = Enumerable.Range(0, 100).Select(i => runtime.Spawn(_ =>
        {
            var child = runtime.Spawn(_ => ValueTask.FromResult(i));
#pragma warning disable VSTHRD002 // what the test is about
            return ValueTask.FromResult(child.Result);
#pragma warning restore VSTHRD002
        })).ToArray();

        (await Task.WhenAll(all).Guarded()).ShouldBe(Enumerable.Range(0, 100));
        runtime.Snapshot().BlockedItems.ShouldBeGreaterThan(0);
    }

    [Theory]
    [MemberData(nameof(WaysToBlock))]
    public async Task Spawn_EveryWorkerBlocked_OtherWorkRuns(string way)
    {
        await using var runtime = await StartedAsync(new AsyncRuntimeOptions { WorkerThreads = 2 });
        using var block = new Block(way);
        var blocked = Enumerable.Range(0, 2).Select(_ => runtime.Spawn(_ =>
        {
            block.Enter();
            return ValueTask.CompletedTask;
        })).ToArray();
        block.AwaitEntered(2);

        (await runtime.Spawn(static _ => ValueTask.FromResult(1)).Guarded()).ShouldBe(1);

        blocked.ShouldAllBe(static task => !task.IsCompleted);
        block.Release();
        await Task.WhenAll(blocked).Guarded();
    }

    [Fact]
    public async Task Spawn_ItemsLeftInTheQueuesOfABlockedWorker_RunElsewhere()
    {
        await using var runtime = await StartedAsync(new AsyncRuntimeOptions { WorkerThreads = 1 });
        using var gate = new ManualResetEventSlim();
        Task[] children = [];

        var parent = runtime.Spawn(_ =>
        {
            children = [.. Enumerable.Range(0, 50).Select(_ => runtime.Spawn(static _ => ValueTask.CompletedTask))]; // one in the slot, the others in the ring
            gate.Wait(Waiting.HangGuard);
            return ValueTask.CompletedTask;
        });

        SpinWait.SpinUntil(() => Volatile.Read(ref children).Length > 0, Waiting.HangGuard).ShouldBeTrue();
        await Task.WhenAll(children).Guarded();
        parent.IsCompleted.ShouldBeFalse();
        gate.Set();
        await parent.Guarded();
    }

    [Fact]
    public async Task Snapshot_WorkerBlocked_SaysSoAndCountsTheReserve()
    {
        await using var runtime = await StartedAsync(new AsyncRuntimeOptions { WorkerThreads = 1 });
        using var gate = new ManualResetEventSlim();
        var blocked = runtime.Spawn(_ =>
        {
            gate.Wait(Waiting.HangGuard);
            return ValueTask.CompletedTask;
        });

        SpinWait.SpinUntil(() => runtime.Snapshot() is { ReserveWorkers: 1 } snapshot && snapshot.Workers.Any(static worker => worker.IsBlocked), Waiting.HangGuard).ShouldBeTrue();
        runtime.WorkerCount.ShouldBe(1);

        gate.Set();
        await blocked.Guarded();
        SpinWait.SpinUntil(() => runtime.Snapshot() is { ReserveWorkers: 0, Workers.Count: 1 }, Waiting.HangGuard).ShouldBeTrue("the reserve ends when nobody needs it");
    }

    [Fact]
    public async Task WorkerBlocked_ItemWaitsLong_IsNamed()
    {
        await using var runtime = await StartedAsync(new AsyncRuntimeOptions { WorkerThreads = 1 });
        using var gate = new ManualResetEventSlim();
        var reported = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        runtime.WorkerBlocked += blocked => reported.TrySetResult(blocked.Item);

        var work = runtime.Spawn(
            _ =>
            {
                gate.Wait(Waiting.HangGuard);
                return ValueTask.CompletedTask;
            },
            new SpawnOptions { Name = "slow-report" });

        (await reported.Task.Guarded()).ShouldBe("slow-report");
        gate.Set();
        await work.Guarded();
    }

    [Fact]
    public async Task WorkerBlocked_AHandlerThatThrows_IsReported_AndTheRuntimeGoesOn()
    {
        await using var runtime = await StartedAsync(new AsyncRuntimeOptions { WorkerThreads = 1 });
        using var block = new Block("event");
        var reported = Waiting.NewSignal<Exception>();
        runtime.WorkerBlocked += static _ => throw new IOException("the log is full");
        runtime.UnhandledException += (_, args) => reported.TrySetResult((Exception)args.ExceptionObject);

        var blocked = runtime.Spawn(_ =>
        {
            block.Enter();
            return ValueTask.CompletedTask;
        });

        (await reported.Task.Guarded()).Message.ShouldBe("the log is full");
        (await runtime.Spawn(static _ => ValueTask.FromResult(1)).Guarded()).ShouldBe(1);
        runtime.Snapshot().UnhandledExceptions.ShouldBe(1);
        block.Release();
        await blocked.Guarded();
    }

    [Fact]
    public async Task WorkerBlocked_ItemWithoutAName_IsNamedAfterItsMethod()
    {
        await using var runtime = await StartedAsync(new AsyncRuntimeOptions { WorkerThreads = 1 });
        using var gate = new ManualResetEventSlim();
        var reported = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        runtime.WorkerBlocked += blocked => reported.TrySetResult(blocked.Item);

        var work = runtime.Spawn(WaitAsync);

        (await reported.Task.Guarded()).ShouldContain(nameof(WaitAsync));
        gate.Set();
        await work.Guarded();

        ValueTask WaitAsync(CancellationToken ct)
        {
            gate.Wait(Waiting.HangGuard, ct);
            return ValueTask.CompletedTask;
        }
    }

    [Fact]
    public async Task Spawn_NoReserveAllowed_WaitsForTheBlockedWorker()
    {
        await using var runtime = await StartedAsync(new AsyncRuntimeOptions { WorkerThreads = 1, MaxReserveThreads = 0 });
        using var gate = new ManualResetEventSlim();
        var blocked = runtime.Spawn(_ =>
        {
            gate.Wait(Waiting.HangGuard);
            return ValueTask.CompletedTask;
        });
        SpinWait.SpinUntil(() => runtime.Snapshot().Workers[0].IsBlocked, Waiting.HangGuard).ShouldBeTrue();

        var other = runtime.Spawn(static _ => ValueTask.CompletedTask);

        runtime.Snapshot().Workers.Count.ShouldBe(1);
        other.IsCompleted.ShouldBeFalse();
        gate.Set();
        await Task.WhenAll(blocked, other).Guarded();
    }

    [Fact]
    public async Task Spawn_FromABusyItem_TheOneInTheSlotIsTakenByAnother()
    {
        await using var runtime = await StartedAsync(new AsyncRuntimeOptions { WorkerThreads = 2, MaxWorkerThreads = 2 });

        // It computes until its child has run, so the child cannot be run by this worker.
        await runtime.Spawn(_ =>
        {
            var ran = false;
            runtime.Post(() => Volatile.Write(ref ran, true));
            SpinWait.SpinUntil(() => Volatile.Read(ref ran), Waiting.HangGuard).ShouldBeTrue();
            return ValueTask.CompletedTask;
        }).Guarded();
    }

    private static async Task<AsyncRuntime> StartedAsync(AsyncRuntimeOptions options)
    {
        var runtime = new AsyncRuntime(options);
        await runtime.StartAsync();
        return runtime;
    }

    // One way of blocking a thread until it is released.
    private sealed class Block : IDisposable
    {
        private readonly string _way;
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ConcurrentBag<AnonymousPipeServerStream> _pipes = [];
        private readonly ManualResetEvent _event = new(initialState: false);
        private readonly Lock _lock = new();
        private readonly Thread? _owner;
        private int _entered;

        public Block(string way)
        {
            _way = way;
            if (way == "lock")
            {
                using var taken = new ManualResetEventSlim();
                _owner = new Thread(() => Hold(taken)) { IsBackground = true };
                _owner.Start();
                taken.Wait();
            }
        }

        public void Enter()
        {
            Interlocked.Increment(ref _entered);
            switch (_way)
            {
#pragma warning disable VSTHRD002, VSTHRD103, RS0030 // what the test is about
                case "result":
                    _ = _released.Task.ContinueWith(static _ => 1, TaskScheduler.Default).Result;
                    break;
                case "wait":
                    _released.Task.Wait();
                    break;
                case "sleep":
                    while (!_released.Task.IsCompleted)
                    {
                        Thread.Sleep(20);
                    }

                    break;
#pragma warning restore VSTHRD002, VSTHRD103, RS0030
                case "lock":
                    lock (_lock)
                    {
                        break;
                    }

                case "event":
                    _event.WaitOne();
                    break;
                case "pipe":
                    ReadPipe();
                    break;
            }
        }

        public void AwaitEntered(int count) => SpinWait.SpinUntil(() => Volatile.Read(ref _entered) == count, Waiting.HangGuard).ShouldBeTrue();

        public void Release()
        {
            _released.TrySetResult();
            _event.Set();
            foreach (var pipe in _pipes)
            {
                pipe.Dispose(); // its reader finds the end
            }
        }

        public void Dispose()
        {
            Release();
            _owner?.Join();
            _event.Dispose();
        }

        private void ReadPipe()
        {
            var server = new AnonymousPipeServerStream(PipeDirection.Out);
            using var reader = new AnonymousPipeClientStream(PipeDirection.In, server.ClientSafePipeHandle);
            _pipes.Add(server);
            reader.ReadByte();
        }

        private void Hold(ManualResetEventSlim taken)
        {
            lock (_lock)
            {
                taken.Set();
                _event.WaitOne();
            }
        }
    }
}
