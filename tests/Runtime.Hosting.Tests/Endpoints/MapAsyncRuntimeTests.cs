using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Endpoints;

public sealed class MapAsyncRuntimeTests
{
    [Fact]
    public async Task Health_ShowsEveryCheckWithItsData()
    {
        await using var app = Build(services => services.AddHealthChecks()
            .AddCheck("db", static () => HealthCheckResult.Degraded("slow", data: new Dictionary<string, object> { ["ms"] = 12, ["odd"] = typeof(string) })));
        await app.StartAsync().Guard();

        using var response = await app.GetTestClient().GetAsync(new Uri("/health", UriKind.Relative)).Guard();
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync());

        response.StatusCode.ShouldBe(HttpStatusCode.OK); // Degraded
        response.Content.Headers.ContentType!.ToString().ShouldBe("application/json; charset=utf-8");
        response.Headers.CacheControl!.NoStore.ShouldBeTrue();
        json.RootElement.GetProperty("status").GetString().ShouldBe("Degraded");
        TimeSpan.Parse(json.RootElement.GetProperty("totalDuration").GetString()!).ShouldBeGreaterThan(TimeSpan.Zero);
        var checks = json.RootElement.GetProperty("checks");
        checks.EnumerateObject().Select(static check => check.Name).ShouldBe(["async-runtime", "db"]);
        var db = checks.GetProperty("db");
        db.GetProperty("status").GetString().ShouldBe("Degraded");
        db.GetProperty("description").GetString().ShouldBe("slow");
        db.GetProperty("duration").GetString().ShouldNotBeNull();
        db.GetProperty("data").GetProperty("ms").GetInt32().ShouldBe(12);
        db.GetProperty("data").GetProperty("odd").GetString().ShouldBe("System.String");
        checks.GetProperty("async-runtime").GetProperty("data").GetProperty("queues").GetProperty("default").GetProperty("capacity").GetInt32().ShouldBe(10_000);
    }

    [Fact]
    public async Task UnhealthyCheck_OfTheApp_Is503OnHealth_ButOnReadyOnlyWhenTagged()
    {
        await using var app = Build(static services => services.AddHealthChecks().AddCheck("db", static () => HealthCheckResult.Unhealthy("gone")));
        await app.StartAsync().Guard();
        await using var tagged = Build(static services => services.AddHealthChecks().AddCheck("db", static () => HealthCheckResult.Unhealthy("gone"), ["ready"]));
        await tagged.StartAsync().Guard();

        (await StatusAsync(app, "/health")).ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await StatusAsync(app, "/health/ready")).ShouldBe(HttpStatusCode.OK);
        (await StatusAsync(app, "/health/live")).ShouldBe(HttpStatusCode.OK);
        (await StatusAsync(tagged, "/health/ready")).ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await StatusAsync(tagged, "/health/live")).ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("/health")]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    [InlineData("/metrics")]
    [InlineData("/runtime/tuner")]
    public async Task Head_AnswersAsGetDoesWithoutABody(string path)
    {
        await using var app = Build();
        await app.StartAsync().Guard();

        using var request = new HttpRequestMessage(HttpMethod.Head, new Uri(path, UriKind.Relative));
        using var response = await app.GetTestClient().SendAsync(request).Guard();

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await response.Content.ReadAsByteArrayAsync()).ShouldBeEmpty();
        (await StatusAsync(app, path)).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Prefix_AndConventions_HoldForAllFive()
    {
        await using var app = Build(map: static app => app.MapAsyncRuntime("/internal").WithMetadata("guarded"));
        await app.StartAsync().Guard();

        foreach (var path in new[] { "/health", "/health/live", "/health/ready", "/metrics", "/runtime/tuner" })
        {
            (await StatusAsync(app, path)).ShouldBe(HttpStatusCode.NotFound);
            (await StatusAsync(app, "/internal" + path)).ShouldBe(HttpStatusCode.OK);
        }

        var endpoints = app.Services.GetRequiredService<EndpointDataSource>().Endpoints;
        endpoints.Count.ShouldBe(5);
        endpoints.ShouldAllBe(static endpoint => endpoint.Metadata.GetMetadata<string>() == "guarded");
    }

    [Fact]
    public void WithoutAddAsyncRuntime_SaysWhatIsMissing()
    {
        var app = WebApplication.CreateSlimBuilder().Build();

        Should.Throw<InvalidOperationException>(() => app.MapAsyncRuntime()).Message.ShouldBe(
            "MapAsyncRuntime needs the services of the runtime, which are not registered. Call builder.Services.AddAsyncRuntime() before builder.Build().");
    }

    [Fact]
    public async Task Ready_IsFalse_WhileStarting_AndWhileStopping()
    {
        await using var app = Build(static services => services.AddHostedService<AskingService>().AddSingleton<Answers>());
        var answers = app.Services.GetRequiredService<Answers>();

        // The test server answers while the host is still starting and stopping, as Kestrel does for the services that start after it.
        answers.Ask = async () =>
        {
            using var response = await app.GetTestClient().GetAsync(new Uri("/health/ready", UriKind.Relative)).Guard();
            return $"{(int)response.StatusCode} {JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("description").GetString()}";
        };
        await app.StartAsync().Guard();
        (await StatusAsync(app, "/health/ready")).ShouldBe(HttpStatusCode.OK);
        await app.StopAsync().Guard();

        answers.Given.ShouldBe(["503 The application is starting.", "503 The application is stopping."]);
    }

    private static async Task<HttpStatusCode> StatusAsync(WebApplication app, string path)
    {
        using var response = await app.GetTestClient().GetAsync(new Uri(path, UriKind.Relative)).Guard();
        return response.StatusCode;
    }

    private static WebApplication Build(Action<IServiceCollection>? configure = null, Action<WebApplication>? map = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseTestServer();
        builder.Services.AddAsyncRuntime();
        configure?.Invoke(builder.Services);
        var app = builder.Build();
        (map ?? (static app => app.MapAsyncRuntime()))(app);
        return app;
    }

    private sealed class Answers
    {
        public List<string> Given { get; } = [];

        public Func<Task<string>> Ask { get; set; } = static () => Task.FromResult("");
    }

    // Registered after the web server, so the server runs while this one starts and while it stops.
    private sealed class AskingService(Answers answers) : Microsoft.Extensions.Hosting.IHostedLifecycleService
    {
        public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public async Task StartedAsync(CancellationToken cancellationToken) => answers.Given.Add(await answers.Ask());

        public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public async Task StoppedAsync(CancellationToken cancellationToken) => answers.Given.Add(await answers.Ask());
    }
}
