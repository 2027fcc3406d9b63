using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Runtime.Core.Lifecycle;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Lifetime;

public sealed class ShutdownTests
{
    [Fact]
    public async Task Stop_WorkInFlight_IsDrainedAndReported()
    {
        await using var host = await TestHost.StartAsync();
        var queue = host.Services.GetRequiredService<IBackgroundQueue>();
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var item = await queue.EnqueueAsync(async _ =>
        {
            started.TrySetResult();
            await release.Task;
        });
        var spawned = host.Runtime.Spawn(async _ => await release.Task);
        await started.Task.Guard();

        var stop = host.Host.StopAsync();
        release.SetResult();
        await stop.Guard();

        await item.Completion.Guard();
        await spawned.Guard();
        var line = host.Logs.Of(EventIds.RuntimeStopped).ShouldHaveSingleItem();
        line.Level.ShouldBe(LogLevel.Information);
        line.Text.ShouldContain("none abandoned");
        host.Runtime.State.ShouldBe(RuntimeState.Terminated);
    }

    [Fact]
    public async Task Stop_WorkThatIgnoresItsToken_IsAbandonedWithAWarning()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await TestHost.StartAsync(settings: [("Shutdown:DrainTimeout", "00:00:00"), ("Shutdown:CancelTimeout", "00:00:00.050")]);
        await host.Services.GetRequiredService<IBackgroundQueue>().EnqueueAsync(async _ =>
        {
            started.TrySetResult();
            await release.Task;
        });
        await started.Task.Guard();

        await host.StopAsync();

        var line = host.Logs.Of(EventIds.WorkAbandoned).ShouldHaveSingleItem();
        line.Level.ShouldBe(LogLevel.Warning);
        line.Text.ShouldContain("1 had to be abandoned");
        release.SetResult();
    }

    [Fact]
    public async Task Stop_TheHostsOwnToken_CutsTheDrainShort()
    {
        await using var host = await TestHost.StartAsync(settings: ("Shutdown:DrainTimeout", "01:00:00"));
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var item = await host.Services.GetRequiredService<IBackgroundQueue>().EnqueueAsync(async ct =>
        {
            started.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct);
        });
        var spawned = host.Runtime.Spawn(static async ct => await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct));
        await started.Task.Guard();

        using var impatience = new CancellationTokenSource();
        var stop = host.Host.StopAsync(impatience.Token);
        await impatience.CancelAsync();
        await stop.Guard();

        await Should.ThrowAsync<OperationCanceledException>(() => item.Completion.Guard());
        await Should.ThrowAsync<OperationCanceledException>(() => spawned.Guard());
        host.Runtime.State.ShouldBe(RuntimeState.Terminated);
    }

    [Theory]
    [InlineData("00:00:28", true)]
    [InlineData("00:00:20", false)]
    public async Task Start_DrainThatTheHostCutsOff_IsAWarning(string drain, bool warned)
    {
        await using var host = await TestHost.StartAsync(settings: ("Shutdown:DrainTimeout", drain));

        host.Logs.Of(EventIds.ShutdownBudgetTooSmall).Any(static line => line.Level == LogLevel.Warning).ShouldBe(warned);
    }

    [Fact]
    public async Task Start_TheDefaults_FitTheHost()
    {
        await using var host = await TestHost.StartAsync();

        host.Logs.Lines.ShouldNotContain(static line => line.Level >= LogLevel.Warning && line.Id.Id != EventIds.IsolationRefused);
    }

    [Fact]
    public async Task UnhandledException_OfPostedWork_IsLoggedAsAnError()
    {
        await using var host = await TestHost.StartAsync();

        host.Runtime.Post(static () => throw new InvalidOperationException("lost"));

        var line = await host.Logs.WaitFor(EventIds.UnhandledException);
        line.Level.ShouldBe(LogLevel.Error);
        line.Exception!.Message.ShouldBe("lost");
    }

    [Fact]
    public async Task StartFails_HostCanStillBeDisposed()
    {
        await using var host = TestHost.Build(static builder => builder.Services.AddHostedService<FailingService>());

        await Should.ThrowAsync<InvalidOperationException>(() => host.Host.StartAsync().Guard());

        host.Runtime.State.ShouldBe(RuntimeState.Running);
    }

    [Fact]
    public async Task Clock_OfTheRuntime_IsThereByKey_AndTheAppsOwnIsLeftAlone()
    {
        await using var host = await TestHost.StartAsync();

        host.Services.GetRequiredKeyedService<TimeProvider>("AsyncRuntime").ShouldBeSameAs(host.Runtime.TimeProvider);
        host.Services.GetService<TimeProvider>().ShouldBeNull();
    }

    [Fact]
    public async Task Queues_AreInjected_AndAnUnknownNameSaysWhatThereIs()
    {
        await using var host = await TestHost.StartAsync(static builder => builder.Services.AddAsyncRuntime().AddQueue("reports"));

        host.Services.GetRequiredService<IBackgroundQueue>().Name.ShouldBe("default");
        host.Services.GetRequiredKeyedService<IBackgroundQueue>("reports").ShouldBeSameAs(host.Services.GetRequiredKeyedService<IBackgroundQueue>("reports"));
        var message = Should.Throw<InvalidOperationException>(() => host.Services.GetRequiredKeyedService<IBackgroundQueue>("report")).Message;
        message.ShouldContain("'report'");
        message.ShouldContain("'default', 'reports'");
        message.ShouldContain("AddQueue(\"report\")");
        Should.Throw<InvalidOperationException>(() => host.Services.GetRequiredKeyedService<IBackgroundQueue>(5)).Message
            .ShouldBe("The key of a queue is its name, a string; '5' is Int32.");
    }

    private sealed class FailingService : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => throw new InvalidOperationException("no");

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
