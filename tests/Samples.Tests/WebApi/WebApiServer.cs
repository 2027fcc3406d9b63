using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Samples.WebApi.Documents;

namespace Samples.Tests.WebApi;

/// <summary>The web sample on a real Kestrel, on a free port of the loopback address.</summary>
public sealed class WebApiServer : WebApplicationFactory<Program>
{
    private static readonly TimeSpan Guard = TimeSpan.FromSeconds(60);

    private readonly (string Key, string Value)[] _settings;

    // Each server keeps its durable jobs in a file of its own, unless a test names one.
    private readonly string _folder = Directory.CreateTempSubdirectory("samples-webapi-").FullName;

    public WebApiServer()
        : this([])
    {
    }

    private WebApiServer((string Key, string Value)[] settings)
    {
        _settings = settings;
        UseKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        StartServer();
        Client = CreateClient();
    }

    public HttpClient Client { get; }

    public TextBudget Budget => Services.GetRequiredService<TextBudget>();

    public static WebApiServer With(params (string Key, string Value)[] settings) => new(settings);

    public Task<HttpResponseMessage> PostTextAsync(string text, string query = "") =>
        Client.PostAsync($"/documents{query}", new StringContent(text, Encoding.UTF8, "text/plain"));

    public Task<HttpResponseMessage> PostTextAsync(byte[] text, string query = "") =>
        Client.PostAsync($"/documents{query}", new ByteArrayContent(text) { Headers = { ContentType = new("text/plain") } });

    public async Task<string> PostBurnAsync(int milliseconds, int count = 1, string query = "")
    {
        using var response = await Client.PostAsync($"/burn?milliseconds={milliseconds}&count={count}{query}", null);
        response.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        return (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("last").GetString()!;
    }

    public async Task<JsonElement> GetJobAsync(string location) => await Client.GetFromJsonAsync<JsonElement>(location);

    public Task<JsonElement> WaitForEndAsync(Uri location) => WaitForEndAsync(location.OriginalString);

    public Task<JsonElement> WaitForEndAsync(string location) =>
        WaitForAsync(location, static status => status is "Succeeded" or "Failed" or "Cancelled" or "Dropped");

    /// <summary>Waits until no text takes any memory. A text that never was analysed is let go just after its job is seen to be over.</summary>
    public async Task WaitForNoTextsAsync()
    {
        using var guard = new CancellationTokenSource(Guard);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (Budget.Taken > 0)
        {
            await timer.WaitForNextTickAsync(guard.Token);
        }
    }

    public Task<JsonElement> WaitForStateAsync(string location, string state) => WaitForAsync(location, status => status == state, "state");

    public async Task<JsonElement> WaitForAsync(string location, Func<string, bool> isWanted, string property = "status")
    {
        // A client has no other way than to ask again; nothing is decided by how long that takes.
        using var guard = new CancellationTokenSource(Guard);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (true)
        {
            var job = await GetJobAsync(location);
            if (isWanted(job.GetProperty(property).GetString()!))
            {
                return job;
            }

            await timer.WaitForNextTickAsync(guard.Token);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseSetting("Logging:LogLevel:Default", "Warning");
        builder.UseSetting("Reports:Database", Path.Combine(_folder, "jobs.db"));
        foreach (var (key, value) in _settings)
        {
            builder.UseSetting(key, value);
        }
    }
}
