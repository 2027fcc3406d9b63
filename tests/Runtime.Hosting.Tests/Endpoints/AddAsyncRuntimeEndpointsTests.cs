using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Endpoints;

/// <summary>A worker without a web application, on a real port.</summary>
public sealed class AddAsyncRuntimeEndpointsTests : IDisposable
{
    private readonly HttpClient _client = new();

    public void Dispose() => _client.Dispose();

    [Fact]
    public async Task Worker_ServesItsOwnChecksAndMeters()
    {
        await using var host = await StartAsync(static services => services.AddHealthChecks().AddCheck("mine", static () => HealthCheckResult.Healthy("here")));
        await host.Runtime.Spawn(static _ => ValueTask.CompletedTask).Guard();

        using var health = JsonDocument.Parse(await GetAsync(host, "/health"));
        health.RootElement.GetProperty("checks").GetProperty("mine").GetProperty("description").GetString().ShouldBe("here");
        (await GetAsync(host, "/metrics")).ShouldContain("\nasync_runtime_work_accepted_total 1\n");
        (await GetAsync(host, "/health/live")).ShouldContain("Healthy");
        (await GetAsync(host, "/health/ready")).ShouldContain("async-runtime");
    }

    [Fact]
    public async Task Address_HasTheRealPort_AndIsNotThereBeforeTheStart()
    {
        await using var host = Build();
        var endpoints = host.Services.GetRequiredService<AsyncRuntimeEndpoints>();
        endpoints.Address.ShouldBeNull();

        await host.StartAsync();

        endpoints.Address!.Port.ShouldBeGreaterThan(0);
        host.Logs.Of(EventIds.EndpointsListening).ShouldHaveSingleItem().Text.ShouldContain(endpoints.Address.ToString());
    }

    [Fact]
    public async Task Server_Listens_UntilTheRuntimeHasDrained_AndNoLonger()
    {
        await using var host = await StartAsync();
        var address = Address(host, "/health/ready");
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await host.Services.GetRequiredService<IBackgroundQueue>().EnqueueAsync(async _ => await release.Task);
        var stopping = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.Register(() => stopping.TrySetResult());

        var stop = host.Host.StopAsync();
        await stopping.Task.Guard();
        using (var response = await _client.GetAsync(address).Guard())
        {
            response.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        }

        stop.IsCompleted.ShouldBeFalse();
        release.SetResult();
        await stop.Guard();

        await Should.ThrowAsync<HttpRequestException>(() => _client.GetAsync(address).Guard());
    }

    [Fact]
    public async Task PortInUse_SaysWhichKeyToChange()
    {
        await using var first = await StartAsync();
        var url = Address(first, "").ToString().TrimEnd('/');
        await using var second = Build(settings: ("Endpoints:Url", url));

        var exception = await Should.ThrowAsync<InvalidOperationException>(() => second.Host.StartAsync().Guard());

        exception.Message.ShouldStartWith($"AsyncRuntime:Endpoints:Url is '{url}', and nothing can listen there: ");
        exception.Message.ShouldEndWith("Choose another port, or port 0 for any free one.");
    }

    [Fact]
    public void CalledTwice_RegistersOnce()
    {
        var once = new ServiceCollection();
        once.AddAsyncRuntimeEndpoints();
        var twice = new ServiceCollection();
        twice.AddAsyncRuntimeEndpoints();
        twice.AddAsyncRuntimeEndpoints();

        twice.Count.ShouldBe(once.Count);
    }

    private static Uri Address(TestHost host, string path) => new(host.Services.GetRequiredService<AsyncRuntimeEndpoints>().Address!, path);

    private static TestHost Build(Action<IServiceCollection>? configure = null, params (string Key, string? Value)[] settings) => TestHost.Build(
        builder =>
        {
            builder.Services.AddAsyncRuntimeEndpoints();
            configure?.Invoke(builder.Services);
        },
        settings.Length == 0 ? [("Endpoints:Url", "http://127.0.0.1:0")] : settings);

    private static async Task<TestHost> StartAsync(Action<IServiceCollection>? configure = null)
    {
        var host = Build(configure);
        await host.StartAsync();
        return host;
    }

    private async Task<string> GetAsync(TestHost host, string path)
    {
        using var response = await _client.GetAsync(Address(host, path)).Guard();
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        return await response.Content.ReadAsStringAsync();
    }
}
