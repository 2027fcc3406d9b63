using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;

namespace Runtime.Hosting.Tests.Queues;

public sealed class QueueHttpTests
{
    [Theory]
    [InlineData("/minimal")]
    [InlineData("/controller")]
    public async Task AcceptedOrBusy_Accepted_Is202WithLocationAndBody(string path)
    {
        await using var rig = await QueueRig.StartSerialAsync();
        await using var app = await StartAppAsync(rig);
        var gate = await rig.HoldAsync();

        using var response = await app.GetTestClient().PostAsync(path, content: null);

        response.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        var body = await response.Content.ReadFromJsonAsync<JsonElement>();
        var id = body.GetProperty("id").GetGuid();
        body.GetProperty("status").GetString().ShouldBe("Queued");
        response.Headers.Location!.OriginalString.ShouldBe($"/jobs/{id}");
        rig.Queues.TryGet(id, out _).ShouldBeTrue();
        gate.Open();
    }

    [Theory]
    [InlineData("/minimal", QueueFullMode.Wait)]
    [InlineData("/controller", QueueFullMode.Reject)]
    [InlineData("/minimal", QueueFullMode.DropLowestPriority)]
    public async Task AcceptedOrBusy_RefusedOrDropped_Is429WithRetryAfterAndProblemDetails(string path, QueueFullMode mode)
    {
        await using var rig = await QueueRig.StartSerialAsync(options =>
        {
            options.Queue.Capacity = 1;
            options.Queue.FullMode = mode;
        });
        await using var app = await StartAppAsync(rig);
        var gate = await rig.HoldAsync();
        await rig.Queue.EnqueueAsync(static ct => ValueTask.CompletedTask);

        using var response = await app.GetTestClient().PostAsync(path, content: null);

        response.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        response.Headers.RetryAfter!.Delta!.Value.ShouldBeGreaterThanOrEqualTo(TimeSpan.FromSeconds(1));
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>();
        problem.GetProperty("status").GetInt32().ShouldBe(429);
        problem.GetProperty("title").GetString().ShouldBe("The queue is full.");
        problem.GetProperty("detail").GetString().ShouldBe($"The queue 'default' takes no more work now. Try again in about {response.Headers.RetryAfter.Delta.Value.TotalSeconds} s.");
        gate.Open();
    }

    [Fact]
    public async Task AcceptedOrBusy_OwnLocation_IsUsedWithOneSlash()
    {
        await using var rig = await QueueRig.StartAsync();
        rig.Queue.TryEnqueue(static ct => ValueTask.CompletedTask, out var handle);

        var result = rig.Queue.AcceptedOrBusy(handle, "/api/work/");

        result.ShouldBeOfType<Microsoft.AspNetCore.Http.HttpResults.Accepted<Hosting.Queues.AcceptedWork>>().Location.ShouldBe($"/api/work/{handle!.Id}");
        rig.Queue.AcceptedOrBusy(handle: null).ShouldBeAssignableTo<IStatusCodeHttpResult>()!.StatusCode.ShouldBe(429);
    }

    private static async Task<WebApplication> StartAppAsync(QueueRig rig)
    {
        var builder = WebApplication.CreateBuilder();
        builder.WebHost.UseTestServer();
        builder.Services.AddSingleton<IBackgroundQueue>(rig.Queue);
        builder.Services.AddControllers().AddApplicationPart(typeof(QueueHttpController).Assembly);
        var app = builder.Build();
        app.MapControllers();
        app.MapPost("/minimal", static (IBackgroundQueue queue) =>
        {
            queue.TryEnqueue(static ct => ValueTask.CompletedTask, out var handle);
            return queue.AcceptedOrBusy(handle);
        });
        await app.StartAsync();
        return app;
    }
}

[ApiController]
public sealed class QueueHttpController(IBackgroundQueue queue) : ControllerBase
{
    [HttpPost("/controller")]
    public IResult Post()
    {
        queue.TryEnqueue(static ct => ValueTask.CompletedTask, out var handle);
        return queue.AcceptedOrBusy(handle);
    }
}
