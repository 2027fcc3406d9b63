using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Samples.Tests.WebApi;

public sealed class FullQueueTests
{
    [Fact]
    public async Task Post_FullQueue_IsRefusedUntilThereIsRoom()
    {
        await using var server = WebApiServer.With(("AsyncRuntime:Queue:Capacity", "2"), ("AsyncRuntime:Queue:MaxConcurrency", "1"));
        var running = await server.PostBurnAsync(10_000);
        await server.WaitForAsync(running, static status => status == "Running");
        var queued = new List<string>();
        for (var i = 0; i < 2; i++)
        {
            queued.Add(await server.PostBurnAsync(1));
        }

        using var document = await server.PostTextAsync("text");
        using var burn = await server.Client.PostAsync("/burn?milliseconds=1&count=3", null);

        (await document.ShouldBeProblemAsync(HttpStatusCode.TooManyRequests)).ShouldContain("full");
        (await burn.ShouldBeProblemAsync(HttpStatusCode.TooManyRequests)).ShouldContain("full");
        foreach (var refused in (HttpResponseMessage[])[document, burn])
        {
            int.Parse(refused.Headers.GetValues("Retry-After").Single(), CultureInfo.InvariantCulture).ShouldBeGreaterThanOrEqualTo(1);
        }

        server.Budget.Taken.ShouldBe(0);
        await server.Client.DeleteAsync(running);
        foreach (var job in queued)
        {
            (await server.WaitForEndAsync(job)).GetProperty("status").GetString().ShouldBe("Succeeded");
        }

        using var afterwards = await server.PostTextAsync("text");
        afterwards.StatusCode.ShouldBe(HttpStatusCode.Accepted);
    }

    [Fact]
    public async Task Burn_MoreThanThereIsRoomFor_SaysHowManyWereRefused()
    {
        await using var server = WebApiServer.With(("AsyncRuntime:Queue:Capacity", "5"), ("AsyncRuntime:Queue:MaxConcurrency", "1"));
        var running = await server.PostBurnAsync(10_000);
        await server.WaitForAsync(running, static status => status == "Running");

        using var response = await server.Client.PostAsync("/burn?milliseconds=1&count=100000", null);

        response.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        var body = await response.Content.ReadFromJsonAsync<JsonElement>();
        body.GetProperty("accepted").GetInt32().ShouldBe(5);
        body.GetProperty("refused").GetInt32().ShouldBe(99_995);
        await server.Client.DeleteAsync(running);
        await server.WaitForEndAsync(body.GetProperty("last").GetString()!);
    }

    [Fact]
    public async Task Post_TextsThatWaitTakeAllTheirMemory_IsRefusedUntilOneIsCancelled()
    {
        await using var server = WebApiServer.With(("Documents:MaxPendingBytes", "1048576"), ("AsyncRuntime:Queue:MaxConcurrency", "1"));
        var running = await server.PostBurnAsync(10_000);
        await server.WaitForAsync(running, static status => status == "Running");
        using var first = await server.PostTextAsync(new string('a', 600_000));

        using var second = await server.PostTextAsync(new string('a', 600_000));
        await server.Client.DeleteAsync(first.Headers.Location!);
        await server.WaitForNoTextsAsync();
        using var third = await server.PostTextAsync(new string('a', 600_000));

        first.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        (await second.ShouldBeProblemAsync(HttpStatusCode.TooManyRequests)).ShouldContain("1048576");
        third.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        await server.Client.DeleteAsync(running);
        await server.WaitForNoTextsAsync();
    }
}
