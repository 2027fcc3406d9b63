using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Runtime.Hosting.Queues;
using Runtime.Hosting.Tests.Support;
using Runtime.Hosting.Tuning;

namespace Runtime.Hosting.Tests.Tuning;

public sealed class TunerSensesTests
{
    [Fact]
    public async Task QueuesThatReject_AreSeen_AndUseLessOfTheirCapacity_OthersDoNot()
    {
        await using var host = await TestHost.StartAsync(
            static builder => builder.Services.AddAsyncRuntime(),
            ("Queue:Capacity", "10"), ("Queues:strict:Capacity", "10"), ("Queues:strict:FullMode", "Reject"), ("Queues:strict:MaxConcurrency", "1"));
        var strict = host.Services.GetRequiredKeyedService<IBackgroundQueue>("strict");
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await strict.EnqueueAsync(async _ =>
        {
            started.SetResult();
            await release.Task;
        });
        await started.Task.Guard();
        var queues = host.Services.GetRequiredService<BackgroundQueues>();

        queues.SetCapacityShare(50);
        strict.Capacity.ShouldBe(5);
        host.Services.GetRequiredService<IBackgroundQueue>().Capacity.ShouldBe(10);
        while (strict.TryEnqueue(static _ => ValueTask.CompletedTask, out _))
        {
        }

        var heard = host.Services.GetRequiredService<TunerSenses>().Read();
        heard.QueueFill.ShouldBe(1);
        heard.Refused.ShouldBe(1);
        queues.SetCapacityShare(100);
        strict.Capacity.ShouldBe(10);
        release.SetResult();
    }

    [Fact]
    public async Task Requests_AreListenedTo_OnlyWhileTheStrategyIsOn()
    {
        await using var without = await TestHost.StartAsync(static builder => builder.Services.AddAsyncRuntime(), ("Tuner:Strategies:0", "ThreadCount"));
        await using var with = await TestHost.StartAsync(static builder => builder.Services.AddAsyncRuntime());

        Duration(without).Enabled.ShouldBeFalse();
        var duration = Duration(with);
        duration.Enabled.ShouldBeTrue();
        duration.Record(0.5);
        var heard = with.Services.GetRequiredService<TunerSenses>().Read();
        (heard.Requests, heard.RequestTime).ShouldBe((1, TimeSpan.FromSeconds(0.5)));

        static Histogram<double> Duration(TestHost host) =>
            host.Services.GetRequiredService<IMeterFactory>().Create(RequestWatch.MeterName).CreateHistogram<double>(RequestWatch.InstrumentName, "s");
    }
}
