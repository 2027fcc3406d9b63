using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Runtime.Core;
using Runtime.Core.Lifecycle;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Lifetime;

/// <summary>The runtime is there before the application's own services and after them, wherever those were registered.</summary>
public sealed class HostOrderTests
{
    [Theory]
    [InlineData(true, false, false)]
    [InlineData(false, false, false)]
    [InlineData(true, true, true)]
    [InlineData(false, true, true)]
    public async Task AppService_EnqueuesInItsStartAndStop_AndTheWorkRuns(bool registeredFirst, bool startConcurrently, bool stopConcurrently)
    {
        await using var host = TestHost.Build(builder =>
        {
            builder.Services.Configure<HostOptions>(options =>
            {
                options.ServicesStartConcurrently = startConcurrently;
                options.ServicesStopConcurrently = stopConcurrently;
            });
            if (registeredFirst)
            {
                builder.Services.AddSingleton<EnqueuingService>();
                builder.Services.AddHostedService(static provider => provider.GetRequiredService<EnqueuingService>());
                builder.Services.AddAsyncRuntime();
            }
            else
            {
                builder.Services.AddAsyncRuntime();
                builder.Services.AddSingleton<EnqueuingService>();
                builder.Services.AddHostedService(static provider => provider.GetRequiredService<EnqueuingService>());
            }
        });
        var service = host.Services.GetRequiredService<EnqueuingService>();

        await host.StartAsync();
        await host.StopAsync();

        service.Ran.Order().ShouldBe(["start", "started", "starting", "stop", "stopped", "stopping"]);
        host.Runtime.State.ShouldBe(RuntimeState.Terminated);
    }

    [Fact]
    public async Task BackgroundService_OfTheApp_CanEnqueueFromItsLoop()
    {
        await using var host = await TestHost.StartAsync(static builder =>
        {
            builder.Services.AddSingleton<LoopingService>();
            builder.Services.AddHostedService(static provider => provider.GetRequiredService<LoopingService>());
        });
        var service = host.Services.GetRequiredService<LoopingService>();

        await service.First.Task.Guard();
        await host.StopAsync();

        (await service.Last.Task.Guard()).ShouldBeTrue();
    }

    // Enqueues at all six moments. Those of IHostedLifecycleService as well: the runtime is the first of all services, and the last.
    private sealed class EnqueuingService(IBackgroundQueue queue) : IHostedLifecycleService
    {
        private readonly Lock _lock = new();
        private readonly List<string> _ran = [];

        public IReadOnlyList<string> Ran
        {
            get
            {
                lock (_lock)
                {
                    return [.. _ran];
                }
            }
        }

        public Task StartingAsync(CancellationToken cancellationToken) => Enqueue("starting");

        public Task StartAsync(CancellationToken cancellationToken) => Enqueue("start");

        public Task StartedAsync(CancellationToken cancellationToken) => Enqueue("started");

        public Task StoppingAsync(CancellationToken cancellationToken) => Enqueue("stopping");

        public Task StopAsync(CancellationToken cancellationToken) => Enqueue("stop");

        public Task StoppedAsync(CancellationToken cancellationToken) => Enqueue("stopped");

        private async Task Enqueue(string moment) => await queue.EnqueueAsync(_ =>
        {
            lock (_lock)
            {
                _ran.Add(moment);
            }

            return ValueTask.CompletedTask;
        });
    }

    private sealed class LoopingService(IBackgroundQueue queue) : BackgroundService
    {
        public TaskCompletionSource First { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource<bool> Last { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            await (await queue.EnqueueAsync(static _ => ValueTask.CompletedTask, cancellationToken: stoppingToken));
            First.SetResult();
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stoppingToken);
            }
            catch (OperationCanceledException)
            {
                await queue.EnqueueAsync(
                    _ =>
                    {
                        Last.SetResult(AsyncRuntime.Current is not null);
                        return ValueTask.CompletedTask;
                    },
                    cancellationToken: CancellationToken.None);
            }
        }
    }
}
