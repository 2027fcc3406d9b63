using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
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
        line.Text.ShouldBe("Tuner: Applied ThreeWorkers: WorkerThreads from 2 to 3, because three is enough");
        host.Services.GetRequiredService<Tuner>().Decisions[0].To.ShouldBe(3);
        await load.StopAsync();
    }

    [Fact]
    public async Task Frozen_IsLogged_AndNothingIsTurned()
    {
        await using var host = await TestHost.StartAsync(
            static builder => builder.Services.AddAsyncRuntime().AddTuningStrategy<ThreeWorkers>(),
            ("WorkerThreads", "2"), ("MaxWorkerThreads", "4"), ("Tuner:Interval", "00:00:00.010"), ("Tuner:Frozen", "true"));
        using var load = new Load(host);

        (await host.Logs.WaitFor(EventIds.TunerDecision)).Text.ShouldStartWith("Tuner: Frozen ThreeWorkers: WorkerThreads from 2 to 3");

        host.Runtime.WorkerCount.ShouldBe(2);
        await load.StopAsync();
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

    private sealed class ThreeWorkers : IOptimizationStrategy
    {
        public string Name => "ThreeWorkers";

        public OptimizationRecommendation? Analyze(TuningSample sample) => new(TuningKnob.WorkerThreads, 3, "three is enough");
    }
}
