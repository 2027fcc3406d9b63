using Runtime.Core.Concurrency;
using Runtime.Core.Execution;
using Runtime.Core.Lifecycle;
using Runtime.Core.Scheduling;

namespace Runtime.Core.Tests.Scheduling;

/// <summary>Workers in a debt of hours: whatever runs all the same did not wait for it.</summary>
public sealed class WorkerCpuShareTests : IAsyncLifetime
{
    private readonly RuntimeLifecycle _lifecycle = new();
    private readonly WorkDispatcher _dispatcher;
    private readonly CpuShare _share = new(0.5, TimeSpan.FromDays(1));

    public WorkerCpuShareTests() =>
        _dispatcher = new WorkDispatcher(new object(), _lifecycle, new AsyncRuntimeOptions { WorkerThreads = 2, MaxReserveThreads = 0, Isolation = WorkerIsolation.None });

    private Scheduler Scheduler => _dispatcher.Scheduler;

    public async Task InitializeAsync()
    {
        _lifecycle.Transition(RuntimeState.Initializing);
        Scheduler.Start(2);
        _lifecycle.Transition(RuntimeState.Running);
        await RunAsync(TaskPriority.Normal).Guarded();
        _share.Charge(MonotonicClock.ToTicks(TimeSpan.FromHours(12)), MonotonicClock.Timestamp);
    }

    public Task DisposeAsync() => Scheduler.CloseAsync(Waiting.HangGuard).Guarded();

    [Fact]
    public async Task Submit_InDebt_CriticalRunsAndTheRestWaits()
    {
        Scheduler.UseCpuShare(_share);
        var others = Enumerable.Range(1, 4).Select(priority => RunAsync((TaskPriority)priority)).ToArray();
        await Asleep();

        for (var i = 0; i < 10; i++)
        {
            await RunAsync(TaskPriority.Critical).Guarded(); // while all sleep
        }

        others.ShouldAllBe(static other => !other.IsCompleted);
        Scheduler.UseCpuShare(null);
        await Task.WhenAll(others).Guarded();
        Scheduler.ThrottledTime.ShouldBeGreaterThan(TimeSpan.Zero);
    }

    [Fact]
    public async Task Reconfigure_AnotherShareWithoutDebt_RunsWhatWaits()
    {
        Scheduler.UseCpuShare(_share);
        var work = RunAsync(TaskPriority.Normal);
        await Asleep();

        Scheduler.SetCpuShare(0.25);

        await work.Guarded();
        var same = Scheduler.CpuShare;
        Scheduler.SetCpuShare(0.25);
        Scheduler.CpuShare.ShouldBeSameAs(same, "a reload forgives no debt");
    }

    [Fact]
    public async Task Resize_InDebt_EndsTheWorker()
    {
        Scheduler.UseCpuShare(_share);
        _ = RunAsync(TaskPriority.Normal);
        await Asleep();

        Scheduler.Resize(1);

        SpinWait.SpinUntil(() => Scheduler.Workers.Length == 1, Waiting.HangGuard).ShouldBeTrue();
    }

    [Fact]
    public async Task CloseAsync_InDebt_EndsTheWorkersAndRunsWhatWaitsElsewhere()
    {
        Scheduler.UseCpuShare(_share);
        var work = RunAsync(TaskPriority.Low);
        await Asleep();

        await Scheduler.CloseAsync(Waiting.HangGuard).Guarded();

        Scheduler.Workers.ShouldBeEmpty();
        await work.Guarded();
    }

    [Fact]
    public async Task Run_AnItemThatComputes_IsChargedByItsThread_ACriticalOneIsNot()
    {
        var share = new CpuShare(1, TimeSpan.FromDays(1));
        Scheduler.UseCpuShare(share);
        await BurnAsync(TaskPriority.Critical).Guarded();
        await RunAsync(TaskPriority.Normal).Guarded();
        Scheduler.ThrottledTime.ShouldBe(TimeSpan.Zero);

        await BurnAsync(TaskPriority.Normal).Guarded();
        await RunAsync(TaskPriority.Normal).Guarded();

        SpinWait.SpinUntil(() => Scheduler.ThrottledTime > TimeSpan.Zero, Waiting.HangGuard).ShouldBeTrue();
    }

    // Both sleep; one that is parked is woken until it does.
    private async Task Asleep()
    {
        while (Scheduler.Debtors.Count < 2)
        {
            Scheduler.Idle.WakeOne();
            await Task.Yield();
        }
    }

    private Task RunAsync(TaskPriority priority) => DispatchAsync(priority, static () => { });

    // Far more than the burst, and than what the test itself makes workers use.
    private Task BurnAsync(TaskPriority priority) => DispatchAsync(priority, static () =>
    {
        var end = ThreadCpuClock.Ticks + MonotonicClock.ToTicks(TimeSpan.FromMilliseconds(200));
        while (ThreadCpuClock.Ticks < end)
        {
            Thread.SpinWait(100);
        }
    });

    private Task DispatchAsync(TaskPriority priority, Action action)
    {
        var item = new Item(action) { Priority = priority };
        _dispatcher.Dispatch(item);
        return item.Done.Task;
    }

    private sealed class Item(Action action) : WorkItem
    {
        public TaskCompletionSource Done { get; } = Waiting.NewSignal();

        protected override void Execute()
        {
            action();
            Done.SetResult();
        }
    }
}
