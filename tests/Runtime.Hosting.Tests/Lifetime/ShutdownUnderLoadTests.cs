using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Runtime.Core;
using Runtime.Hosting.Queues;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Lifetime;

/// <summary>A real web server, 64 requests that enqueue 100,000 items between them, and a shutdown that begins in the middle.</summary>
public sealed class ShutdownUnderLoadTests
{
    private const int Requests = 64;
    private const int ItemsPerRequest = 1563; // 100,032 in all

    [Theory]
    [InlineData("Wait", "00:00:30")]
    [InlineData("Reject", "00:00:30")]
    [InlineData("DropOldest", "00:00:00")]
    [InlineData("DropLowestPriority", "00:00:00")]
    public async Task Shutdown_BeginsWhileRequestsEnqueue_EveryAcceptedItemIsAccountedFor(string fullMode, string drain)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration["AsyncRuntime:Queue:Capacity"] = "1000";
        builder.Configuration["AsyncRuntime:Queue:FullMode"] = fullMode;
        builder.Configuration["AsyncRuntime:Shutdown:DrainTimeout"] = drain;
        builder.Services.AddAsyncRuntime();
        await using var app = builder.Build();
        var accepted = new ConcurrentBag<WorkHandle>();
        using var underWay = new CountdownEvent(Requests);
        app.MapPost("/bulk", async (IBackgroundQueue queue) => await EnqueueManyAsync(queue, accepted, underWay));
        await app.StartAsync();
        using var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = Requests }) { BaseAddress = new Uri(app.Urls.Single()) };

        var responses = Enumerable.Range(0, Requests).Select(_ => client.PostAsync(new Uri("/bulk", UriKind.Relative), content: null)).ToArray();
        underWay.Wait(Guards.Patience).ShouldBeTrue();
        await app.StopAsync().Guard();
        await Task.WhenAll(responses).Guard();

        var queue = app.Services.GetRequiredService<BackgroundQueues>().Snapshot().Single();
        queue.Accepted.ShouldBe(queue.Succeeded + queue.Failed + queue.Cancelled + queue.Dropped + queue.Abandoned);
        (queue.Queued, queue.Running, queue.Waiters, queue.Failed, queue.Abandoned).ShouldBe((0, 0, 0, 0, 0));
        accepted.Count.ShouldBe((int)queue.Accepted);
        var byStatus = accepted.CountBy(handle => handle.Status).ToDictionary();
        byStatus.GetValueOrDefault(WorkStatus.Succeeded).ShouldBe((int)queue.Succeeded);
        byStatus.GetValueOrDefault(WorkStatus.Cancelled).ShouldBe((int)queue.Cancelled);
        byStatus.GetValueOrDefault(WorkStatus.Dropped).ShouldBe((int)queue.Dropped);
        var reported = 0;
        foreach (var response in responses)
        {
            reported += int.Parse(await (await response).Content.ReadAsStringAsync(), CultureInfo.InvariantCulture);
        }

        reported.ShouldBe(accepted.Count);
    }

    // Enqueues until the share is done or the queue accepts no more; answers how many were accepted.
    private static async Task<string> EnqueueManyAsync(IBackgroundQueue queue, ConcurrentBag<WorkHandle> accepted, CountdownEvent underWay)
    {
        var count = 0;
        for (var i = 0; i < ItemsPerRequest; i++)
        {
            if (i == 10)
            {
                underWay.Signal();
            }

            try
            {
                accepted.Add(await queue.EnqueueAsync(
                    static async (IServiceProvider services, CancellationToken cancellationToken) => await Task.Yield(),
                    new EnqueueOptions { Priority = (TaskPriority)(i % 5) }));
                count++;
            }
            catch (QueueFullException)
            {
                await Task.Yield();
            }
            catch (RuntimeNotRunningException)
            {
                break;
            }
        }

        return count.ToString(CultureInfo.InvariantCulture);
    }
}
