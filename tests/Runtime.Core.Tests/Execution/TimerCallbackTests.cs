using System.Collections.Concurrent;

namespace Runtime.Core.Tests.Execution;

/// <summary>Callbacks of timers on the workers of a runtime: many at once, and beside other work.</summary>
public sealed class TimerCallbackTests : IAsyncLifetime
{
    private static readonly TimeSpan Never = Timeout.InfiniteTimeSpan;

    private readonly AsyncRuntime _runtime = new(new AsyncRuntimeOptions { WorkerThreads = 2, MaxWorkerThreads = 2, Isolation = WorkerIsolation.None });
    private readonly ConcurrentBag<Exception> _unhandled = [];

    public Task InitializeAsync()
    {
        _runtime.UnhandledException += (_, e) => _unhandled.Add((Exception)e.ExceptionObject);
        return _runtime.StartAsync();
    }

    public async Task DisposeAsync() => await _runtime.DisposeAsync();

    [Fact]
    public async Task CallbacksThatBlock_HoldUpNobodyElse()
    {
        const int Count = 1_000;
        const int Blocking = 5;
        using var others = new CountdownEvent(Count - Blocking);
        using var all = new CountdownEvent(Count);
        CreateTogether(_runtime, Count, i =>
        {
            if (i % (Count / Blocking) == 0)
            {
                others.Wait(Waiting.HangGuard).ShouldBeTrue();
            }
            else
            {
                others.Signal();
            }

            all.Signal();
        });

        (await Task.Run(() => all.Wait(Waiting.HangGuard))).ShouldBeTrue();
        _unhandled.ShouldBeEmpty();
    }

    [Fact]
    public async Task CallbacksThatThrow_AreReportedOneByOne()
    {
        const int Count = 600;
        using var all = new CountdownEvent(Count);
        CreateTogether(_runtime, Count, i =>
        {
            all.Signal();
            throw new InvalidOperationException(i.ToString(System.Globalization.CultureInfo.InvariantCulture));
        });

        (await Task.Run(() => all.Wait(Waiting.HangGuard))).ShouldBeTrue();
        SpinWait.SpinUntil(() => _unhandled.Count == Count, Waiting.HangGuard).ShouldBeTrue();
        _unhandled.Select(static e => e.Message).Distinct().Count().ShouldBe(Count);
    }

    [Fact]
    public async Task Callbacks_FindACleanThread()
    {
        const int Count = 600;
        var leaked = 0;
        var local = new AsyncLocal<string?>();
        using var all = new CountdownEvent(Count);
        CreateTogether(_runtime, Count, _ =>
        {
            if (local.Value is not null || SynchronizationContext.Current?.GetType() == typeof(SynchronizationContext))
            {
                Interlocked.Increment(ref leaked);
            }

            local.Value = "left behind";
            SynchronizationContext.SetSynchronizationContext(new SynchronizationContext());
            all.Signal();
        });

        (await Task.Run(() => all.Wait(Waiting.HangGuard))).ShouldBeTrue();
        leaked.ShouldBe(0);
    }

    [Fact]
    public async Task Callbacks_SeeTheContextOfTheirCreator()
    {
        const int Count = 600;
        var wrong = 0;
        var local = new AsyncLocal<int>();
        using var all = new CountdownEvent(Count);
        for (var i = 0; i < Count; i++)
        {
            var mine = local.Value = i + 1;
            _ = _runtime.TimeProvider.CreateTimer(
                _ =>
                {
                    if (local.Value != mine)
                    {
                        Interlocked.Increment(ref wrong);
                    }

                    all.Signal();
                },
                null,
                TimeSpan.FromMilliseconds(20),
                Never);
        }

        (await Task.Run(() => all.Wait(Waiting.HangGuard))).ShouldBeTrue();
        wrong.ShouldBe(0);
    }

    [Fact]
    public async Task Callbacks_GoBeforeNormalWorkThatWaits()
    {
        const int Timers = 500;
        const int Items = 4_000;
        await using var runtime = new AsyncRuntime(new AsyncRuntimeOptions { WorkerThreads = 2, MaxWorkerThreads = 2, MaxReserveThreads = 0, Isolation = WorkerIsolation.None });
        await runtime.StartAsync();
        using var gate = new ManualResetEventSlim();
        using var blocked = new CountdownEvent(2);
        using var all = new CountdownEvent(Items + Timers);
        var order = 0;
        var late = 0;
        for (var i = 0; i < 2; i++)
        {
            runtime.Post(() =>
            {
                blocked.Signal();
                gate.Wait(Waiting.HangGuard);
            });
        }

        (await Task.Run(() => blocked.Wait(Waiting.HangGuard))).ShouldBeTrue();

        for (var i = 0; i < Items; i++)
        {
            runtime.Post(() =>
            {
                Interlocked.Increment(ref order);
                all.Signal();
            });
        }

        CreateTogether(runtime, Timers, _ =>
        {
            if (Interlocked.Increment(ref order) > Timers + (Items / 2))
            {
                Interlocked.Increment(ref late);
            }

            all.Signal();
        });
        SpinWait.SpinUntil(() => runtime.Snapshot().Timers.Fired == Timers, Waiting.HangGuard).ShouldBeTrue();

        // A timer is counted before it is handed on. When the next one is counted, those before it have been handed on.
        await using var next = runtime.TimeProvider.CreateTimer(static _ => { }, null, TimeSpan.FromMilliseconds(1), Never);
        SpinWait.SpinUntil(() => runtime.Snapshot().Timers.Fired == Timers + 1, Waiting.HangGuard).ShouldBeTrue();
        gate.Set();

        (await Task.Run(() => all.Wait(Waiting.HangGuard))).ShouldBeTrue();
        late.ShouldBeLessThanOrEqualTo(2, "each worker may lose its processor with one in hand");
    }

    // Due at the same tick, or nearly.
    private static void CreateTogether(AsyncRuntime runtime, int count, Action<int> callback)
    {
        for (var i = 0; i < count; i++)
        {
            var index = i;
            using (ExecutionContext.SuppressFlow())
            {
                _ = runtime.TimeProvider.CreateTimer(_ => callback(index), null, TimeSpan.FromMilliseconds(20), Never);
            }
        }
    }
}
