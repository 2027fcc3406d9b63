using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Runtime.Jobs.PostgreSql.Tests.Server;

namespace Samples.Tests.WebApi;

/// <summary>The sample twice on one database, by configuration alone.</summary>
public sealed class TwoProcessesTests : IAsyncLifetime
{
    private readonly PostgreSqlServer _server = new();
    private readonly List<Process> _processes = [];
    private readonly string _folder = Directory.CreateTempSubdirectory("webapi-two-").FullName;

    public Task InitializeAsync() => _server.InitializeAsync();

    public async Task DisposeAsync()
    {
        foreach (var process in _processes)
        {
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }

        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task TwoProcesses_OnOneDatabase_OneIsKilled_TheOtherMakesEveryReport()
    {
        const int Reports = 60;
        var clients = new[] { await StartAsync(), await StartAsync() };
        var locations = new List<string>();
        for (var i = 0; i < Reports; i++)
        {
            using var answer = await clients[i % 2].PostAsJsonAsync("/reports", new { title = "a report", text = "some words of a text" });
            answer.EnsureSuccessStatusCode();
            locations.Add(answer.Headers.Location!.ToString());
        }

        _processes[0].Kill();
        await _processes[0].WaitForExitAsync();

        foreach (var location in locations)
        {
            await DoneAsync(clients[1], location);
        }
    }

    private static async Task DoneAsync(HttpClient client, string location)
    {
        for (var began = TimeProvider.System.GetTimestamp(); ; await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System))
        {
            var report = await client.GetFromJsonAsync<JsonElement>(location);
            var state = report.GetProperty("state").GetString();
            if (state == "Succeeded")
            {
                return;
            }

            TimeProvider.System.GetElapsedTime(began).ShouldBeLessThan(TimeSpan.FromSeconds(60), state);
        }
    }

    private async Task<HttpClient> StartAsync()
    {
        var address = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Programs.FreePort()}");
        var program = Path.Combine(AppContext.BaseDirectory, "WebApi.dll");
        _processes.Add(Programs.Start(["dotnet", program, "--urls", address, "--contentRoot", _folder, $"--ConnectionStrings:Jobs={_server.ConnectionString}"]));
        var client = new HttpClient { BaseAddress = new Uri(address) };
        for (var began = TimeProvider.System.GetTimestamp(); ; await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System))
        {
            try
            {
                using var answer = await client.GetAsync("/health/ready");
                answer.EnsureSuccessStatusCode();
                return client;
            }
            catch (HttpRequestException) when (TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(60))
            {
                // Not yet.
            }
        }
    }
}
