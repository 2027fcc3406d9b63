using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Runtime.Core.Lifecycle;
using Runtime.Core.Tuning;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Tuning;

public sealed class TunerInHostTests
{
    [Fact]
    public async Task StrategyOfTheApplication_IsAsked_AndItsDecisionIsLoggedAndApplied()
    {
        await using var host = await TestHost.StartAsync(
            static builder => builder.Services.AddAsyncRuntime().AddTuningStrategy<ThreeWorkers>().AddTuningStrategy<ThreeWorkers>(),
            ("WorkerThreads", "2"), ("MaxWorkerThreads", "4"), ("Tuner:Interval", "00:00:00.010"));
        host.Services.GetServices<IOptimizationStrategy>().ShouldHaveSingleItem();
        using var load = new Load(host);

        var line = await host.Logs.WaitFor(EventIds.TunerDecision);

        line.Level.ShouldBe(LogLevel.Information);
        line.Text.ShouldBe("Tuner, trial 1: Applied ThreeWorkers: WorkerThreads from 2 to 3, because three is enough");
        host.Services.GetRequiredService<Tuner>().Decisions[0].To.ShouldBe(3);
        await load.StopAsync();
    }

    [Fact]
    public async Task AStrategyThatAsksForTheTuner_GetsIt()
    {
        // Elsewhere, since a circle that the container cannot see keeps the thread.
        await using var host = await Task.Run(static () => TestHost.StartAsync(static builder => builder.Services.AddAsyncRuntime().AddTuningStrategy<Freezer>())).Guard();

        var tuner = host.Services.GetRequiredService<Tuner>();

        host.Services.GetServices<IOptimizationStrategy>().Single().ShouldBeOfType<Freezer>().Tuner.ShouldBeSameAs(tuner);
        tuner.Strategies[0].ShouldBe("Freezer");
    }

    [Fact]
    public async Task AStrategyWhoseConstructorThrows_StopsTheStart_BeforeAnythingRuns()
    {
        await using var host = TestHost.Build(static builder => builder.Services.AddAsyncRuntime().AddTuningStrategy<Unmakeable>());

        (await Should.ThrowAsync<InvalidOperationException>(() => host.StartAsync())).Message.ShouldBe("not today");

        host.Runtime.State.ShouldBe(RuntimeState.Uninitialized);
    }

    [Fact]
    public async Task Frozen_IsLogged_AndNothingIsTurned()
    {
        await using var host = await TestHost.StartAsync(
            static builder => builder.Services.AddAsyncRuntime().AddTuningStrategy<ThreeWorkers>(),
            ("WorkerThreads", "2"), ("MaxWorkerThreads", "4"), ("Tuner:Interval", "00:00:00.010"), ("Tuner:Frozen", "true"));
        using var load = new Load(host);

        (await host.Logs.WaitFor(EventIds.TunerDecision)).Text.ShouldStartWith("Tuner, trial 0: Frozen ThreeWorkers: WorkerThreads from 2 to 3");

        host.Runtime.WorkerCount.ShouldBe(2);
        await load.StopAsync();
    }

    [Fact]
    public async Task Freeze_IsShownInHealthAndAtTheEndpoint()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseTestServer();
        builder.Services.AddAsyncRuntime();
        await using var app = builder.Build();
        app.MapAsyncRuntime();
        await app.StartAsync().Guard();
        app.Services.GetRequiredService<Tuner>().Freeze("a release is under way");

        using var health = JsonDocument.Parse(await app.GetTestClient().GetStringAsync(new Uri("/health", UriKind.Relative)).Guard());
        using var tuner = JsonDocument.Parse(await app.GetTestClient().GetStringAsync(new Uri("/runtime/tuner", UriKind.Relative)).Guard());

        health.RootElement.GetProperty("checks").GetProperty("async-runtime").GetProperty("data").GetProperty("tuner").GetProperty("frozen").GetString().ShouldBe("a release is under way");
        tuner.RootElement.GetProperty("frozen").GetString().ShouldBe("a release is under way");
        tuner.RootElement.GetProperty("enabled").GetBoolean().ShouldBeTrue();
        tuner.RootElement.GetProperty("interval").GetString().ShouldBe("00:00:05");
        tuner.RootElement.GetProperty("strategies").GetArrayLength().ShouldBe(7);
        tuner.RootElement.GetProperty("knobs").EnumerateObject().Select(static knob => knob.Name).ShouldBe(
            ["workerThreads", "workStealing", "queueCapacity", "cleanupThreshold", "isolation", "timerSlack"]);
        tuner.RootElement.GetProperty("knobs").GetProperty("queueCapacity").GetRawText().Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries)
            .ShouldBe(["{", "\"value\":", "100,", "\"configured\":", "100,", "\"least\":", "10,", "\"greatest\":", "100", "}"]);
        tuner.RootElement.GetProperty("decisions").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task Endpoint_ShowsDecisions_NewestFirst()
    {
        await using var host = await TestHost.StartAsync(
            static builder => builder.Services.AddAsyncRuntimeEndpoints().AddTuningStrategy<ThreeWorkers>(),
            ("WorkerThreads", "2"), ("MaxWorkerThreads", "4"), ("Tuner:Interval", "00:00:00.010"), ("Endpoints:Url", "http://127.0.0.1:0"));
        using var load = new Load(host);
        await host.Logs.WaitFor(EventIds.TunerDecision);
        await load.StopAsync();
        using var client = new HttpClient();

        using var json = JsonDocument.Parse(await client.GetStringAsync(new Uri(host.Services.GetRequiredService<AsyncRuntimeEndpoints>().Address!, "/runtime/tuner")).Guard());

        var first = json.RootElement.GetProperty("decisions").EnumerateArray().Last();
        first.GetProperty("trial").GetInt64().ShouldBe(1);
        first.GetProperty("strategy").GetString().ShouldBe("ThreeWorkers");
        first.GetProperty("knob").GetString().ShouldBe("WorkerThreads");
        (first.GetProperty("from").GetInt32(), first.GetProperty("to").GetInt32()).ShouldBe((2, 3));
        first.GetProperty("outcome").GetString().ShouldBe("Applied");
        first.GetProperty("reason").GetString().ShouldBe("three is enough");
        first.GetProperty("at").GetDateTimeOffset().ShouldBeGreaterThan(DateTimeOffset.UnixEpoch);
    }

    // Work that keeps coming, so that the tuner does not fall asleep.
    private sealed class Load : IDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _task;

        public Load(TestHost host)
        {
            var clock = host.Runtime.TimeProvider;
            _task = host.Runtime.Spawn(async _ =>
            {
                while (!_stop.IsCancellationRequested)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(1), clock, CancellationToken.None);
                }
            });
        }

        public async Task StopAsync()
        {
            await _stop.CancelAsync();
            await _task.Guard();
        }

        public void Dispose() => _stop.Dispose();
    }

    private sealed class Freezer(Tuner tuner) : IOptimizationStrategy
    {
        public Tuner Tuner => tuner;

        public string Name => "Freezer";

        public OptimizationRecommendation? Analyze(TuningSample sample) => null;
    }

    private sealed class Unmakeable : IOptimizationStrategy
    {
        public Unmakeable() => throw new InvalidOperationException("not today");

        public string Name => "Unmakeable";

        public OptimizationRecommendation? Analyze(TuningSample sample) => null;
    }

    private sealed class ThreeWorkers : IOptimizationStrategy
    {
        public string Name => "ThreeWorkers";

        public OptimizationRecommendation? Analyze(TuningSample sample) => new(TuningKnob.WorkerThreads, 3, "three is enough");
    }
}
