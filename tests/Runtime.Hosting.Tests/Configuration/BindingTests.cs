using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Runtime.Core;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Configuration;

public sealed class BindingTests
{
    [Fact]
    public async Task Section_EveryKey_IsRead()
    {
        await using var host = TestHost.Build(settings:
        [
            ("WorkerThreads", "3"), ("MinWorkerThreads", "2"), ("MaxWorkerThreads", "7"), ("ThreadNamePrefix", "w"), ("ThreadStackSize", "262144"),
            ("EnableWorkStealing", "False"), ("EnablePriorityScheduling", "false"), ("MaxStealAttempts", "9"), ("StealBackoff", "00:00:00.5"),
            ("StarvationThreshold", "00:01:00"), ("Isolation", "lowest"), ("MaxCpuShare", "0.25"), ("Timers:Resolution", "00:00:00.010"), ("Tuner:Enabled", "false"),
            ("Tuner:Interval", "00:00:30"), ("Tuner:Frozen", "true"), ("Tuner:Strategies:0", "ThreadCount"), ("Tuner:MaxTimerSlack", "00:00:00.020"), ("Shutdown:DrainTimeout", "00:00:07"),
            ("Shutdown:CancelTimeout", "00:00:01"), ("Queue:Capacity", "5"), ("Queue:MaxConcurrency", "6"), ("Queue:FullMode", "DropOldest"),
            ("Queue:HistorySize", "8"), ("Queue:Admission", "RejectIfLate"), ("Queue:ShareWeights:0", "gold=5"), ("Queues:a:ShareWeights", "x=2, y=3"), ("Queues:a:Capacity", "1"), ("Queues:b:MaxConcurrency", "2"), ("Metrics:Meters:0", "X.*"), ("Metrics:Meters:1", "Y"),
            ("Endpoints:Url", "http://127.0.0.1:0"),
        ]);

        var options = host.Services.GetRequiredService<IOptionsMonitor<AsyncRuntimeHostingOptions>>().CurrentValue;

        options.WorkerThreads.ShouldBe(3);
        options.MinWorkerThreads.ShouldBe(2);
        options.MaxWorkerThreads.ShouldBe(7);
        options.ThreadNamePrefix.ShouldBe("w");
        options.ThreadStackSize.ShouldBe(262144);
        options.EnableWorkStealing.ShouldBeFalse();
        options.EnablePriorityScheduling.ShouldBeFalse();
        options.MaxStealAttempts.ShouldBe(9);
        options.StealBackoff.ShouldBe(TimeSpan.FromSeconds(0.5));
        options.StarvationThreshold.ShouldBe(TimeSpan.FromMinutes(1));
        options.Isolation.ShouldBe(WorkerIsolation.Lowest);
        options.MaxCpuShare.ShouldBe(0.25);
        options.Timers.Resolution.ShouldBe(TimeSpan.FromMilliseconds(10));
        options.Tuner.Enabled.ShouldBeFalse();
        options.Tuner.Interval.ShouldBe(TimeSpan.FromSeconds(30));
        options.Tuner.Frozen.ShouldBeTrue();
        options.Tuner.Strategies.ShouldBe(["ThreadCount"]);
        options.Tuner.MaxTimerSlack.ShouldBe(TimeSpan.FromMilliseconds(20));
        options.Shutdown.DrainTimeout.ShouldBe(TimeSpan.FromSeconds(7));
        options.Shutdown.CancelTimeout.ShouldBe(TimeSpan.FromSeconds(1));
        options.Queue.Capacity.ShouldBe(5);
        options.Queue.MaxConcurrency.ShouldBe(6);
        options.Queue.FullMode.ShouldBe(QueueFullMode.DropOldest);
        options.Queue.HistorySize.ShouldBe(8);
        options.Queue.Admission.ShouldBe(QueueAdmission.RejectIfLate);
        options.Queue.ShareWeights.ShouldBe(["gold=5"]);
        options.Queues["a"].ShareWeights.ShouldBe(["x=2", "y=3"]);
        options.Queues.Keys.Order(StringComparer.Ordinal).ShouldBe(["a", "b"]);
        options.Queues["a"].Capacity.ShouldBe(1);
        options.Queues["b"].MaxConcurrency.ShouldBe(2);
        options.Metrics.Meters.ShouldBe(["X.*", "Y"]);
        options.Endpoints.Url.ShouldBe("http://127.0.0.1:0");
    }

    [Fact]
    public async Task Section_NullsAndEmptyObjects_MeanTheDefaults()
    {
        await using var host = TestHost.Build(builder => builder.Configuration.AddJsonStream(new MemoryStream(
            """{ "AsyncRuntime": { "WorkerThreads": null, "Timers": {}, "Queues": {}, "Tuner": { "Strategies": [] }, "Metrics": { "Meters": null } } }"""u8.ToArray())));

        var options = host.Services.GetRequiredService<IOptions<AsyncRuntimeHostingOptions>>().Value;

        options.WorkerThreads.ShouldBe(0);
        options.Tuner.Strategies.ShouldBeEmpty();
        options.Metrics.Meters.ShouldBeEmpty();
    }

    [Fact]
    public async Task Lists_MayBeOneTextWithCommas()
    {
        await using var host = TestHost.Build(settings: ("Metrics:Meters", "A, B.*"));

        host.Services.GetRequiredService<IOptions<AsyncRuntimeHostingOptions>>().Value.Metrics.Meters.ShouldBe(["A", "B.*"]);
    }

    [Fact]
    public async Task Delegates_OfEitherTypeAndInAnyOrder_WinOverTheSection()
    {
        await using var host = TestHost.Build(
            builder =>
            {
                builder.Services.Configure<AsyncRuntimeOptions>(static options => options.MaxStealAttempts = 11);
                builder.Services.Configure<AsyncRuntimeHostingOptions>(static options => options.Queue.Capacity = 12);
                builder.Services.AddAsyncRuntime(static options => options.WorkerThreads = 2);
                builder.Services.AddAsyncRuntime(static options => options.MaxWorkerThreads = 5);
                builder.Services.PostConfigure<AsyncRuntimeOptions>(static options => options.ThreadNamePrefix += "-late");
            },
            ("MaxStealAttempts", "1"), ("Queue:Capacity", "1"), ("WorkerThreads", "1"), ("MaxWorkerThreads", "1"), ("ThreadNamePrefix", "p"));

        var options = host.Services.GetRequiredService<IOptions<AsyncRuntimeHostingOptions>>().Value;

        options.MaxStealAttempts.ShouldBe(11);
        options.Queue.Capacity.ShouldBe(12);
        options.WorkerThreads.ShouldBe(2);
        options.MaxWorkerThreads.ShouldBe(5);
        options.ThreadNamePrefix.ShouldBe("p-late");
    }

    [Fact]
    public async Task ADelegateForTheCoreOptions_FitsAddAsyncRuntime()
    {
        Action<AsyncRuntimeOptions> configure = static options => options.WorkerThreads = 2;
        await using var host = TestHost.Build(builder => builder.Services.AddAsyncRuntime(configure));

        host.Services.GetRequiredService<IOptions<AsyncRuntimeOptions>>().Value.WorkerThreads.ShouldBe(2);
    }

    [Fact]
    public async Task CoreOptions_AreTheHostingOptions()
    {
        await using var host = TestHost.Build(settings: ("WorkerThreads", "2"));
        using var scope = host.Services.CreateScope();

        var monitor = host.Services.GetRequiredService<IOptionsMonitor<AsyncRuntimeHostingOptions>>();
        host.Services.GetRequiredService<IOptionsMonitor<AsyncRuntimeOptions>>().CurrentValue.ShouldBeSameAs(monitor.CurrentValue);
        scope.ServiceProvider.GetRequiredService<IOptionsSnapshot<AsyncRuntimeOptions>>().Value.ShouldBeSameAs(monitor.CurrentValue);
        host.Services.GetRequiredService<IOptions<AsyncRuntimeOptions>>().Value
            .ShouldBeSameAs(host.Services.GetRequiredService<IOptions<AsyncRuntimeHostingOptions>>().Value);
    }

    [Fact]
    public async Task Validators_OfTheApplication_CountForBothTypes()
    {
        await using var host = TestHost.Build(builder =>
        {
            builder.Services.AddOptions<AsyncRuntimeOptions>().Validate(static _ => false, "no core");
            builder.Services.AddOptions<AsyncRuntimeHostingOptions>().Validate(static _ => false, "no hosting");
        });

        (await Should.ThrowAsync<OptionsValidationException>(() => host.Host.StartAsync().Guard())).Failures.ShouldBe(["no core", "no hosting"]);
    }

    [Fact]
    public async Task AddQueue_GivesTheQueueItsSpelling_AndWinsOverTheSection()
    {
        await using var host = TestHost.Build(
            builder => builder.Services.AddAsyncRuntime().AddQueue("reports", static queue => queue.MaxConcurrency = 2).AddQueue("plain"),
            ("Queues:REPORTS:Capacity", "7"), ("Queues:REPORTS:MaxConcurrency", "9"));

        var queues = host.Services.GetRequiredService<IOptions<AsyncRuntimeHostingOptions>>().Value.Queues;

        queues.Keys.Order(StringComparer.Ordinal).ShouldBe(["plain", "reports"]);
        queues["reports"].Capacity.ShouldBe(7);
        queues["reports"].MaxConcurrency.ShouldBe(2);
    }

    [Fact]
    public void WithoutConfiguration_TheDefaultsHold()
    {
        var services = new ServiceCollection();
        services.AddAsyncRuntime(static options => options.WorkerThreads = 1);

        var provider = services.BuildServiceProvider();

        provider.GetRequiredService<IOptionsMonitor<AsyncRuntimeOptions>>().CurrentValue.WorkerThreads.ShouldBe(1);
    }

    [Fact]
    public void AddAsyncRuntime_Twice_RegistersOnce()
    {
        var once = new ServiceCollection();
        once.AddAsyncRuntime();
        var twice = new ServiceCollection();
        twice.AddAsyncRuntime();
        twice.AddAsyncRuntime();

        twice.Count.ShouldBe(once.Count);
    }
}
