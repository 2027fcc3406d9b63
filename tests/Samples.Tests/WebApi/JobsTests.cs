using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Samples.Tests.WebApi;

public sealed class JobsTests(WebApiServer server) : IClassFixture<WebApiServer>
{
    [Fact]
    public async Task Get_FinishedJob_ShowsEverything()
    {
        using var response = await server.PostTextAsync("one two two");

        var job = await server.WaitForEndAsync(response.Headers.Location!);

        job.EnumerateObject().Select(static property => property.Name).ShouldBe(
            ["id", "name", "status", "priority", "enqueuedAt", "startedAt", "finishedAt", "waitedMs", "ranMs", "result", "error"]);
        var (enqueued, started, finished) = (job.GetProperty("enqueuedAt").GetDateTimeOffset(), job.GetProperty("startedAt").GetDateTimeOffset(), job.GetProperty("finishedAt").GetDateTimeOffset());
        started.ShouldBeGreaterThanOrEqualTo(enqueued);
        finished.ShouldBeGreaterThanOrEqualTo(started);
        job.GetProperty("waitedMs").GetDouble().ShouldBe((started - enqueued).TotalMilliseconds, 0.001);
        job.GetProperty("ranMs").GetDouble().ShouldBe((finished - started).TotalMilliseconds, 0.001);
        job.GetProperty("error").ValueKind.ShouldBe(JsonValueKind.Null);
        job.GetProperty("result").GetProperty("top")[0].GetRawText().ShouldBe("""{"word":"two","count":2}""");
    }

    [Theory]
    [InlineData("00000000-0000-0000-0000-000000000000")]
    [InlineData("no-id")]
    [InlineData("%20")]
    public async Task Get_UnknownJob_IsNotFound(string id)
    {
        using var get = await server.Client.GetAsync($"/jobs/{id}");
        using var delete = await server.Client.DeleteAsync($"/jobs/{id}");

        await get.ShouldBeProblemAsync(HttpStatusCode.NotFound);
        await delete.ShouldBeProblemAsync(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Delete_RunningJob_CancelsItOnce()
    {
        var job = await server.PostBurnAsync(10_000);
        await server.WaitForAsync(job, static status => status == "Running");

        using var delete = await server.Client.DeleteAsync(job);

        delete.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        var view = await server.WaitForEndAsync(job);
        view.GetProperty("status").GetString().ShouldBe("Cancelled");
        view.GetProperty("error").GetString().ShouldBe("Cancelled by its client.");
        using var again = await server.Client.DeleteAsync(job);
        (await again.ShouldBeProblemAsync(HttpStatusCode.Conflict)).ShouldContain("Cancelled");
    }

    [Fact]
    public async Task Delete_FinishedJob_IsAConflict()
    {
        using var response = await server.PostTextAsync("text");
        await server.WaitForEndAsync(response.Headers.Location!);

        using var delete = await server.Client.DeleteAsync(response.Headers.Location!);

        (await delete.ShouldBeProblemAsync(HttpStatusCode.Conflict)).ShouldContain("Succeeded");
    }

    [Fact]
    public async Task Delete_QueuedJob_NeverStartsAndGivesItsTextBack()
    {
        await using var narrow = WebApiServer.With(("AsyncRuntime:Queue:MaxConcurrency", "1"));
        var running = await narrow.PostBurnAsync(10_000);
        await narrow.WaitForAsync(running, static status => status == "Running");
        using var response = await narrow.PostTextAsync(new string('a', 100_000));
        narrow.Budget.Taken.ShouldBeGreaterThanOrEqualTo(100_000);

        using var delete = await narrow.Client.DeleteAsync(response.Headers.Location!);

        var view = await delete.Content.ReadFromJsonAsync<JsonElement>();
        view.GetProperty("status").GetString().ShouldBe("Cancelled");
        view.GetProperty("startedAt").ValueKind.ShouldBe(JsonValueKind.Null);
        view.GetProperty("ranMs").ValueKind.ShouldBe(JsonValueKind.Null);
        view.GetProperty("result").ValueKind.ShouldBe(JsonValueKind.Null);
        await narrow.WaitForNoTextsAsync();
        await narrow.Client.DeleteAsync(running);
    }
}
