using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Runtime.Hosting;

namespace Samples.Tests.WebApi;

public sealed class ReportsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("samples-reports-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Post_AText_IsAnalysedAndShown()
    {
        await using var server = Start();

        var location = await PostAsync(server, "Hamlet", "to be or not to be");

        var report = await server.WaitForStateAsync(location, "Succeeded");
        report.GetProperty("result").GetProperty("words").GetInt64().ShouldBe(6);
        report.GetProperty("attempt").GetInt32().ShouldBe(1);
    }

    [Fact]
    public async Task Post_WhileReportsArePaused_IsMadeByTheNextProcess()
    {
        string location;
        await using (var server = Start())
        {
            await server.Services.GetRequiredService<IJobClient>().PauseAsync(new JobPause(JobPauseScope.Queue, "default"));
            location = await PostAsync(server, "Later", "one two three");
        }

        await using var next = Start();
        (await next.Client.GetFromJsonAsync<JsonElement>(location)).GetProperty("state").GetString().ShouldBe("Queued");
        (await next.Services.GetRequiredService<IJobClient>().ResumeAsync(JobPauseScope.Queue, "default")).ShouldBeTrue();
        (await next.WaitForStateAsync(location, "Succeeded")).GetProperty("result").GetProperty("words").GetInt64().ShouldBe(3);
    }

    [Fact]
    public async Task Recurring_Tally_IsScheduledForTheNextHour()
    {
        await using var server = Start();

        var recurring = (await server.Services.GetRequiredService<IRecurringJobs>().ListAsync()).ShouldHaveSingleItem();

        (recurring.Name, recurring.JobName, recurring.Next!.Value.Minute).ShouldBe(("report-tally", "report-tally", 0));
        var run = await server.Services.GetRequiredService<IRecurringJobs>().TriggerAsync("report-tally");
        (await run!.GetResultAsync<string>()).ShouldBe("none");
    }

    [Theory]
    [InlineData("{\"title\": \"\", \"text\": \"x\"}")]
    [InlineData("{\"title\": \"x\"}")]
    [InlineData("{\"title\": \"a\\u0007\", \"text\": \"x\"}")]
    [InlineData("nonsense")]
    public async Task Post_ABadRequest_IsRefused(string body)
    {
        await using var server = Start();

        using var response = await server.Client.PostAsync("/reports", new StringContent(body, System.Text.Encoding.UTF8, "application/json"));

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await server.Client.GetAsync($"/reports/{Guid.NewGuid()}")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    private WebApiServer Start() => WebApiServer.With(("Reports:Database", Path.Combine(_folder, "jobs.db")));

    private static async Task<string> PostAsync(WebApiServer server, string title, string text)
    {
        using var response = await server.Client.PostAsJsonAsync("/reports", new { title, text });
        response.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        return response.Headers.Location!.OriginalString;
    }
}
