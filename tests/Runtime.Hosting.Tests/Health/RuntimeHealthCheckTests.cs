using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Runtime.Core;
using Runtime.Hosting.Health;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Health;

public sealed class RuntimeHealthCheckTests
{
    [Fact]
    public async Task Running_Idle_IsHealthy()
    {
        await using var host = await TestHost.StartAsync(static builder => builder.Services.AddAsyncRuntime().AddQueue("reports"));

        var entry = await CheckAsync(host);

        entry.Status.ShouldBe(HealthStatus.Healthy, entry.Description);
        entry.Description.ShouldBe("The runtime runs.");
        entry.Tags.ShouldBe(["ready"]);
        entry.Data["state"].ShouldBe("Running");
        ((Dictionary<string, object>)entry.Data["queues"]).Keys.Order().ShouldBe(["default", "reports"]);
    }

    [Fact]
    public async Task NotStarted_OrStopped_IsUnhealthy()
    {
        await using var host = TestHost.Build();

        (await CheckAsync(host)).ShouldSatisfyAllConditions(
            static entry => entry.Status.ShouldBe(HealthStatus.Unhealthy), static entry => entry.Description.ShouldBe("The runtime is Uninitialized."));
        await host.StartAsync();
        await host.StopAsync();
        (await CheckAsync(host)).ShouldSatisfyAllConditions(
            static entry => entry.Status.ShouldBe(HealthStatus.Unhealthy), static entry => entry.Description.ShouldBe("The runtime is Terminated."));
    }

    [Fact]
    public async Task QueueOver80Percent_IsDegraded_AndHealthyAgainWhenItDrains()
    {
        await using var host = await TestHost.StartAsync(settings: [("Queue:Capacity", "10"), ("Queue:MaxConcurrency", "1")]);
        var queue = host.Services.GetRequiredService<IBackgroundQueue>();
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var items = new List<WorkHandle>
        {
            await queue.EnqueueAsync(async _ =>
            {
                started.TrySetResult();
                await release.Task;
            }),
        };
        await started.Task.Guard();
        for (var i = 0; i < 8; i++)
        {
            items.Add(await queue.EnqueueAsync(static _ => ValueTask.CompletedTask));
        }

        (await CheckAsync(host)).Status.ShouldBe(HealthStatus.Healthy); // 80 %, not over it
        items.Add(await queue.EnqueueAsync(static _ => ValueTask.CompletedTask));
        var full = await CheckAsync(host);
        release.SetResult();
        await Task.WhenAll(items.Select(static item => item.Completion)).Guard();
        var drained = await CheckAsync(host);

        full.Status.ShouldBe(HealthStatus.Degraded);
        full.Description.ShouldBe("The queue 'default' is 90 % full (9 of 10).");
        drained.Status.ShouldBe(HealthStatus.Healthy, drained.Description);
    }

    [Fact]
    public async Task CleanupThatDoesNotKeepUp_IsDegraded_AndHealthyAgainWhenItDoes()
    {
        await using var host = await TestHost.StartAsync(settings: [("Cleanup:Capacity", "2"), ("Cleanup:Threshold", "1")]);
        var runtime = host.Services.GetRequiredService<AsyncRuntime>();
        using var release = new ManualResetEventSlim();
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        runtime.Cleanup.Retire(() =>
        {
            started.SetResult();
            release.Wait();
        });
        await started.Task.Guard();
        (await CheckAsync(host)).Status.ShouldBe(HealthStatus.Healthy);

        runtime.Cleanup.Retire(static () => { });
        var full = await CheckAsync(host);
        release.Set();
        SpinWait.SpinUntil(() => runtime.Snapshot().Cleanup.Backlog == 0, Guards.Patience).ShouldBeTrue();
        var drained = await CheckAsync(host);

        full.Status.ShouldBe(HealthStatus.Degraded);
        full.Description.ShouldBe("The cleanup does not keep up: 2 retired things wait, 2 may; whoever retires more has to release some.");
        drained.Status.ShouldBe(HealthStatus.Healthy, drained.Description);
    }

    [Fact]
    public async Task WorkThatWaitsLongerThanTheThreshold_IsDegraded()
    {
        await using var host = await TestHost.StartAsync(settings: [("StarvationThreshold", "00:00:00.020"), ("Queue:MaxConcurrency", "1")]);
        var queue = host.Services.GetRequiredService<IBackgroundQueue>();
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await queue.EnqueueAsync(async _ => await release.Task);
        await queue.EnqueueAsync(static _ => ValueTask.CompletedTask);
        await Task.Delay(TimeSpan.FromMilliseconds(60), TimeProvider.System);

        var entry = await CheckAsync(host);
        release.SetResult();

        entry.Status.ShouldBe(HealthStatus.Degraded);
        entry.Description!.ShouldStartWith("An item of the queue 'default' has waited ");
        entry.Description!.ShouldEndWith(" s; the starvation threshold is 0.02 s.");
    }

    [Fact]
    public async Task TimersThatDoNotFire_AreUnhealthy()
    {
        await using var host = await TestHost.StartAsync(static builder =>
        {
            builder.Services.AddAsyncRuntime();
            builder.Services.AddSingleton(new TimerProbe(new DeadTimers(), static () => 0));
        });

        var entry = await CheckAsync(host);

        entry.Status.ShouldBe(HealthStatus.Unhealthy);
        entry.Description.ShouldBe("Timers stand still: one of a millisecond did not fire within 1 s.");
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(1, null)]
    [InlineData(1.5, "The event loop stands still: nobody has asked for events for 1.5 s, and 3 handles are registered.")]
    public void EventLoopProblem_NobodyAsksForEvents_IsSaidAfterASecond(double seconds, string? expected)
    {
        var io = new IoSnapshot
        {
            Poller = "epoll", Registrations = 3, Events = 0, StaleEvents = 0, Polls = 0, Waits = 0, WakeUps = 0, Unattended = TimeSpan.FromSeconds(seconds),
        };
        RuntimeHealthCheck.EventLoopProblem(io).ShouldBe(expected);
    }

    [Fact]
    public void TunerProblem_AStrategyDoesNotReturn_IsSaid()
    {
        RuntimeHealthCheck.TunerProblem(stuck: null).ShouldBeNull();
        RuntimeHealthCheck.TunerProblem(("Mine\n", TimeSpan.FromSeconds(61.5)))
            .ShouldBe("The tuner stands still: its strategy Mine\\u000A has not returned for 61.5 s. Restart, or mend the strategy.");
    }

    [Fact]
    public async Task Registered_AndTheEventLoopRuns_IsHealthyAndTellsItsFigures()
    {
        await using var host = await TestHost.StartAsync();
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        using var registration = host.Runtime.EventLoop.Register(socket);

        var entry = await CheckAsync(host);

        entry.Status.ShouldBe(HealthStatus.Healthy);
        ((IReadOnlyDictionary<string, object>)entry.Data["io"])["registrations"].ShouldBe(1);
    }

    [Fact]
    public async Task AllWorkersBusy_TimersFireButTheirCallbacksWait_IsDegraded()
    {
        using var gate = new ManualResetEventSlim();
        await using var host = await TestHost.StartAsync(settings: [("WorkerThreads", "1"), ("MaxReserveThreads", "0")]);
        var holder = await OccupyAsync(host, gate);

        var entry = await CheckAsync(host);
        gate.Set();
        await holder.Guard();

        entry.Status.ShouldBe(HealthStatus.Degraded);
        entry.Description.ShouldBe("All workers are busy: a timer's callback has waited 1 s for one.");
        (await CheckAsync(host)).Status.ShouldBe(HealthStatus.Healthy);
    }

    [Fact]
    public async Task Probe_ManyAtOnce_ShareOneTimer()
    {
        using var gate = new ManualResetEventSlim();
        await using var host = await TestHost.StartAsync(settings: [("WorkerThreads", "1"), ("MaxReserveThreads", "0")]);
        var holder = await OccupyAsync(host, gate);
        var probe = host.Services.GetRequiredService<TimerProbe>();

        var all = Enumerable.Range(0, 100).Select(_ => probe.TickAsync(CancellationToken.None)).ToArray();
        (await Task.WhenAll(all).Guard()).ShouldAllBe(static result => result == ProbeResult.CallbackWaits);
        var armed = host.Runtime.Snapshot().Timers.Fired;
        gate.Set();
        await holder.Guard();

        armed.ShouldBe(1);
        (await probe.TickAsync(CancellationToken.None).Guard()).ShouldBe(ProbeResult.Ticks);
    }

    private static async Task<Task> OccupyAsync(TestHost host, ManualResetEventSlim gate)
    {
        var occupied = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var holder = host.Runtime.Spawn(_ =>
        {
            occupied.SetResult();
            gate.Wait(Guards.Patience);
            return ValueTask.CompletedTask;
        });
        await occupied.Task.Guard();
        return holder;
    }

    private static async Task<HealthReportEntry> CheckAsync(TestHost host) =>
        (await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync().Guard()).Entries["async-runtime"];

    private sealed class DeadTimers : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            System.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }
}
