using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Samples.Tests.WebApi;

public sealed class OtherEndpointsTests(WebApiServer server) : IClassFixture<WebApiServer>
{
    [Fact]
    public async Task Ping_Always_IsPong()
    {
        using var response = await server.Client.GetAsync("/ping");

        (await response.Content.ReadAsStringAsync()).ShouldBe("pong");
        response.Content.Headers.ContentType?.MediaType.ShouldBe("text/plain");
    }

    [Fact]
    public async Task Home_Always_ShowsWhatToTry()
    {
        var text = await server.Client.GetStringAsync("/");

        foreach (var path in (string[])["/documents", "/jobs/", "/burn", "/ping", "/health", "/metrics"])
        {
            text.ShouldContain(path);
        }
    }

    [Theory]
    [InlineData("/health")]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    [InlineData("/metrics")]
    public async Task RuntimeEndpoint_Running_IsOk(string path)
    {
        using var response = await server.Client.GetAsync(path);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("milliseconds=0")]
    [InlineData("milliseconds=10001")]
    [InlineData("milliseconds=x")]
    [InlineData("count=0")]
    [InlineData("count=-1")]
    [InlineData("count=100001")]
    [InlineData("count=99999999999")]
    [InlineData("priority=Urgent")]
    public async Task Burn_OutOfBounds_IsABadRequest(string query)
    {
        using var response = await server.Client.PostAsync($"/burn?{query}", null);

        (await response.ShouldBeProblemAsync(HttpStatusCode.BadRequest)).ShouldContain(query.Split('=')[0]);
    }

    [Fact]
    public async Task Burn_Storm_DoesNotStopRequests()
    {
        // Half an hour of work, cut off at the end of the test. Were it on the ThreadPool, the requests would wait for it.
        await using var stormy = WebApiServer.With(("AsyncRuntime:Shutdown:DrainTimeout", "00:00:00"));
        using var response = await stormy.Client.PostAsync("/burn?milliseconds=10000&count=200&priority=Low", null);
        var body = await response.Content.ReadFromJsonAsync<JsonElement>();

        for (var i = 0; i < 100; i++)
        {
            (await stormy.Client.GetStringAsync("/ping")).ShouldBe("pong");
        }

        response.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        (body.GetProperty("accepted").GetInt32(), body.GetProperty("refused").GetInt32()).ShouldBe((200, 0));
        var last = await stormy.GetJobAsync(body.GetProperty("last").GetString()!);
        (last.GetProperty("status").GetString(), last.GetProperty("priority").GetString()).ShouldBe(("Queued", "Low"));
    }

    [Fact]
    public async Task UnknownPath_Always_IsAProblem()
    {
        using var response = await server.Client.GetAsync("/nothing-here");

        await response.ShouldBeProblemAsync(HttpStatusCode.NotFound);
    }
}
