using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Runtime.Core;
using Runtime.Core.Tuning;
using Runtime.Hosting.Health;
using Runtime.Hosting.Queues;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Configuration;

/// <summary>A real host on a real appsettings.json that is saved while the host runs.</summary>
public sealed class HotReloadTests : IDisposable
{
    private const string Good = """
        { "AsyncRuntime": {
            "WorkerThreads": 2, "EnableWorkStealing": true, "EnablePriorityScheduling": true, "StarvationThreshold": "00:00:05",
            "Queue": { "Capacity": 10, "MaxConcurrency": 4, "FullMode": "Wait" },
            "Queues": { "reports": { "Capacity": 3 } },
            "Tuner": { "Interval": "00:00:05" } } }
        """;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Save_ValidFile_ChangesTheRunningProcess()
    {
        await using var host = await StartAsync(Good);
        host.Runtime.WorkerCount.ShouldBe(2);
        var queues = host.Services.GetRequiredService<BackgroundQueues>();
        Queue(queues, "default").ShouldBe((10, 4, QueueFullMode.Wait));
        Queue(queues, "reports").Capacity.ShouldBe(3);

        Save("""
            { "AsyncRuntime": {
                "WorkerThreads": 4, "EnableWorkStealing": false, "EnablePriorityScheduling": false, "StarvationThreshold": "00:00:09",
                "Queue": { "Capacity": 20, "MaxConcurrency": 8, "FullMode": "Reject" },
                "Queues": { "reports": { "Capacity": 30 }, "mail": { "MaxConcurrency": 1 } },
                "Tuner": { "Interval": "00:00:07" } } }
            """);

        var line = await host.Logs.WaitFor(EventIds.ConfigurationReloaded);
        line.Level.ShouldBe(LogLevel.Information);
        foreach (var change in new[]
        {
            "AsyncRuntime:WorkerThreads from 2 to 4", "AsyncRuntime:EnableWorkStealing from true to false", "AsyncRuntime:EnablePriorityScheduling from true to false",
            "AsyncRuntime:StarvationThreshold from 00:00:05 to 00:00:09", "AsyncRuntime:Queue:Capacity from 10 to 20", "AsyncRuntime:Queue:MaxConcurrency from 4 to 8",
            "AsyncRuntime:Queue:FullMode from Wait to Reject", "AsyncRuntime:Queues:reports:Capacity from 3 to 30", "AsyncRuntime:Tuner:Interval from 00:00:05 to 00:00:07",
        })
        {
            line.Text.ShouldContain(change);
        }

        await Eventually(() => host.Runtime.Snapshot().Workers.Count == 4);
        Queue(queues, "default").ShouldBe((20, 8, QueueFullMode.Reject));
        Queue(queues, "reports").Capacity.ShouldBe(30);
        Queue(queues, "mail").MaxConcurrency.ShouldBe(1);
        host.Services.GetRequiredKeyedService<IBackgroundQueue>("mail").Name.ShouldBe("mail");
    }

    [Fact]
    public async Task Save_PrioritiesOff_OrderBecomesFirstInFirstOut()
    {
        await using var host = await StartAsync("""{ "AsyncRuntime": { "MaxReserveThreads": 0, "WorkerThreads": 1 } }""");
        (await OrderOf(host.Runtime)).ShouldBe(["high", "low"]);

        Save("""{ "AsyncRuntime": { "MaxReserveThreads": 0, "WorkerThreads": 1, "EnablePriorityScheduling": false } }""");
        await host.Logs.WaitFor(EventIds.ConfigurationReloaded);

        (await OrderOf(host.Runtime)).ShouldBe(["low", "high"]);
    }

    [Fact]
    public async Task Save_StarvationThreshold_BoostsWorkThatWaited()
    {
        await using var host = await StartAsync("""{ "AsyncRuntime": { "MaxReserveThreads": 0, "WorkerThreads": 1, "StarvationThreshold": "01:00:00" } }""");

        Save("""{ "AsyncRuntime": { "MaxReserveThreads": 0, "WorkerThreads": 1, "StarvationThreshold": "00:00:00.001" } }""");
        await host.Logs.WaitFor(EventIds.ConfigurationReloaded);

        // With a threshold of a millisecond, work that has waited some of them is taken before what is more urgent and younger.
        (await OrderOf(host.Runtime, between: TimeSpan.FromMilliseconds(50))).ShouldBe(["low", "high"]);
    }

    [Fact]
    public async Task Save_InvalidValue_KeepsAllOldSettings_ThenRepaired_AppliesTheNew()
    {
        await using var host = await StartAsync(Good);
        var queues = host.Services.GetRequiredService<BackgroundQueues>();
        var monitor = host.Services.GetRequiredService<IOptionsMonitor<AsyncRuntimeHostingOptions>>();
        var before = monitor.CurrentValue;
        (await HealthAsync(host)).Status.ShouldBe(HealthStatus.Healthy);

        Save(Good.Replace("\"Capacity\": 10", "\"Capacity\": 0", StringComparison.Ordinal).Replace("\"WorkerThreads\": 2", "\"WorkerThreads\": 4", StringComparison.Ordinal));
        const string Message = "AsyncRuntime:Queue:Capacity is 0; it must be from 1 to 10000000. Set it to 10000, the default.";
        var line = await host.Logs.WaitFor(EventIds.ConfigurationRejected, Message);

        line.Level.ShouldBe(LogLevel.Error);
        monitor.CurrentValue.ShouldBeSameAs(before);
        host.Runtime.WorkerCount.ShouldBe(2);
        Queue(queues, "default").Capacity.ShouldBe(10);
        var health = await HealthAsync(host);
        health.Status.ShouldBe(HealthStatus.Degraded);
        health.Description!.ShouldContain(Message);

        Save(Good.Replace("\"Capacity\": 10", "\"Capacity\": 11", StringComparison.Ordinal));
        await host.Logs.WaitFor(EventIds.ConfigurationReloaded);

        Queue(queues, "default").Capacity.ShouldBe(11);
        (await HealthAsync(host)).Status.ShouldBe(HealthStatus.Healthy);
    }

    [Fact]
    public async Task Save_UnreadableText_IsRejectedLikeABadValue()
    {
        await using var host = await StartAsync(Good);

        Save(Good.Replace("\"WorkerThreads\": 2", "\"WorkerThreads\": \"many\"", StringComparison.Ordinal));

        await host.Logs.WaitFor(
            EventIds.ConfigurationRejected, "AsyncRuntime:WorkerThreads is 'many'; it must be a whole number, from 0 to 1024. Set it to 0, the default.");
    }

    [Fact]
    public async Task Save_BrokenJson_KeepsAllOldSettings_EvenWhenAnotherFileChanges()
    {
        await File.WriteAllTextAsync(_folder.File("other.json"), "{ }");
        await using var host = await StartAsync(Good);

        Save("{ \"AsyncRuntime\": { \"WorkerThreads\": 4, ");
        var line = await host.Logs.WaitFor(EventIds.ConfigurationRejected);

        line.Text.ShouldContain("appsettings.json");
        line.Text.ShouldContain("Repair the file and save it again.");
        (await HealthAsync(host)).Status.ShouldBe(HealthStatus.Degraded);

        // Now every value of the broken file is missing from the configuration; a change elsewhere must not bring the defaults.
        var reloaded = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = host.Services.GetRequiredService<IConfiguration>().GetReloadToken().RegisterChangeCallback(_ => reloaded.TrySetResult(), null);
        await File.WriteAllTextAsync(_folder.File("other.json"), "{ \"Anything\": 1 }");
        await reloaded.Task.Guard();
        host.Runtime.WorkerCount.ShouldBe(2);
        host.Logs.Of(EventIds.ConfigurationReloaded).ShouldBeEmpty();

        Save(Good);
        (await host.Logs.WaitFor(EventIds.ConfigurationRepaired)).Level.ShouldBe(LogLevel.Information);
        (await HealthAsync(host)).Status.ShouldBe(HealthStatus.Healthy);
        host.Runtime.WorkerCount.ShouldBe(2);
    }

    [Fact]
    public async Task Save_KeyThatIsReadAtTheStartOnly_AsksForARestart()
    {
        await using var host = await StartAsync(Good);

        Save("""{ "AsyncRuntime": { "Timers": { "Resolution": "00:00:00.010" } } }""");

        var line = await host.Logs.WaitFor(EventIds.RestartNeeded);
        line.Level.ShouldBe(LogLevel.Warning);
        line.Text.ShouldBe("AsyncRuntime:Timers:Resolution was changed to 00:00:00.01; it is read at the start only, so restart the application for it to take effect");
    }

    [Fact]
    public async Task Save_TunerInterval_IsUsedFromNowOn()
    {
        var strategy = new SignallingStrategy();
        await using var host = await StartAsync(
            """{ "AsyncRuntime": { "MaxReserveThreads": 0, "WorkerThreads": 1, "Tuner": { "Interval": "01:00:00" } } }""", services => services.AddSingleton<IOptimizationStrategy>(strategy));
        using var stop = new CancellationTokenSource();
        var load = host.Runtime.Spawn(async _ =>
        {
            while (!stop.IsCancellationRequested)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(1), host.Runtime.TimeProvider, CancellationToken.None);
            }
        });

        Save("""{ "AsyncRuntime": { "MaxReserveThreads": 0, "WorkerThreads": 1, "Tuner": { "Interval": "00:00:00.020" } } }""");

        await strategy.Asked.Task.Guard(); // an hour would be too long for the guard
        await stop.CancelAsync();
        await load.Guard();
    }

    [Fact]
    public async Task Save_SameValues_NotifiesNobody()
    {
        await using var host = await StartAsync(Good);
        var notified = 0;
        using var subscription = host.Services.GetRequiredService<IOptionsMonitor<AsyncRuntimeOptions>>().OnChange(_ => Interlocked.Increment(ref notified));
        var reloaded = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = host.Services.GetRequiredService<IConfiguration>().GetReloadToken().RegisterChangeCallback(_ => reloaded.TrySetResult(), null);

        Save(Good + " ");
        await reloaded.Task.Guard();
        Save(Good.Replace("\"Capacity\": 10", "\"Capacity\": 12", StringComparison.Ordinal));
        await host.Logs.WaitFor(EventIds.ConfigurationReloaded);

        notified.ShouldBe(1);
        host.Logs.Of(EventIds.ConfigurationReloaded).ShouldHaveSingleItem().Text.ShouldBe("Configuration reloaded: AsyncRuntime:Queue:Capacity from 10 to 12");
    }

    [Fact]
    public async Task AListenerThatThrows_IsLogged_AndTheOthersAreTold()
    {
        await using var host = await StartAsync(Good);
        var monitor = host.Services.GetRequiredService<IOptionsMonitor<AsyncRuntimeOptions>>();
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var bad = monitor.OnChange(static _ => throw new InvalidOperationException("not today"));
        using var good = monitor.OnChange(_ => told.TrySetResult());

        Save(Good.Replace("\"Capacity\": 10", "\"Capacity\": 12", StringComparison.Ordinal));

        (await host.Logs.WaitFor(EventIds.ConfigurationListenerFailed)).Exception!.Message.ShouldBe("not today");
        await told.Task.Guard();
    }

    private static (int Capacity, int MaxConcurrency, QueueFullMode FullMode) Queue(BackgroundQueues queues, string name)
    {
        var queue = queues.Snapshot().Single(queue => queue.Name == name);
        return (queue.Capacity, queue.MaxConcurrency, queue.FullMode);
    }

    private static async Task<HealthReportEntry> HealthAsync(TestHost host) =>
        (await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync().Guard()).Entries[RuntimeHealthCheck.Name];

    // Two items behind one that holds the only worker: the low one first, then, after a while, the high one.
    private static async Task<string[]> OrderOf(AsyncRuntime runtime, TimeSpan between = default)
    {
        using var gate = new ManualResetEventSlim();
        var order = new List<string>();
        var holding = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var holder = runtime.Spawn(_ =>
        {
            holding.SetResult();
            gate.Wait(Guards.Patience);
            return ValueTask.CompletedTask;
        });
        await holding.Task.Guard();
        var low = Add("low", TaskPriority.Low);
        await Task.Delay(between, TimeProvider.System);
        var high = Add("high", TaskPriority.High);
        gate.Set();
        await Task.WhenAll(holder, low, high).Guard();
        return [.. order];

        Task Add(string name, TaskPriority priority) => runtime.Spawn(
            _ =>
            {
                order.Add(name); // one worker
                return ValueTask.CompletedTask;
            },
            new SpawnOptions { Priority = priority });
    }

    // Workers come to life by themselves.
    private static async Task Eventually(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(Guards.Patience);
        while (!condition())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, patience.Token);
        }
    }

    private async Task<TestHost> StartAsync(string json, Action<IServiceCollection>? configure = null)
    {
        Save(json);
        return await TestHost.StartAsync(builder =>
        {
            builder.Configuration.AddJsonFile(source =>
            {
                source.FileProvider = new Microsoft.Extensions.FileProviders.PhysicalFileProvider(_folder.Path);
                source.Path = "appsettings.json";
                source.ReloadOnChange = true;
                source.ReloadDelay = 50;
            });
            if (File.Exists(_folder.File("other.json")))
            {
                builder.Configuration.AddJsonFile(_folder.File("other.json"), optional: true, reloadOnChange: true);
            }

            configure?.Invoke(builder.Services);
        });
    }

    private void Save(string json) => File.WriteAllText(_folder.File("appsettings.json"), json);

    private sealed class SignallingStrategy : IOptimizationStrategy
    {
        public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string Name => "Signal";

        public OptimizationRecommendation? Analyze(TuningSample sample)
        {
            Asked.TrySetResult();
            return null;
        }
    }
}
