using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Runtime.Hosting.Endpoints;

/// <summary>A small web server of its own for an application that has none. It serves the application's own instances: checks, runtime, meters.</summary>
/// <remarks>Started first and stopped last by <see cref="Lifetime.RuntimeService"/>, so probes are answered during a slow start and during the drain.</remarks>
internal sealed partial class EndpointServer(
    RuntimeEndpoints endpoints,
    AsyncRuntimeEndpoints published,
    IOptionsMonitor<AsyncRuntimeHostingOptions> options,
    ILoggerFactory loggerFactory,
    ILogger<EndpointServer> logger,
    IMeterFactory meterFactory) : IAsyncDisposable
{
    // The running server. Only the host's start, stop and dispose touch it, one after another.
    private WebApplication? _app;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var url = options.CurrentValue.Endpoints.Url;

        // Empty: neither the application's ASPNETCORE_URLS nor its Kestrel section is meant for this server.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(loggerFactory);
        builder.Services.AddSingleton(meterFactory);
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore();
        _app = builder.Build();
        _app.Urls.Add(url);
        endpoints.Map(_app, "");
        try
        {
            await _app.StartAsync(cancellationToken);
        }
        catch (IOException exception)
        {
            throw new InvalidOperationException(
                $"AsyncRuntime:Endpoints:Url is '{url}', and nothing can listen there: {exception.Message} Choose another port, or port 0 for any free one.", exception);
        }

        published.Address = new Uri(_app.Urls.First());
        LogListening(published.Address);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_app is { } app)
        {
            await app.StopAsync(cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is { } app)
        {
            _app = null;
            await app.DisposeAsync();
        }
    }

    [LoggerMessage(EventIds.EndpointsListening, LogLevel.Information,
        "Health and metrics are at {Address}: health, health/live, health/ready, metrics", EventName = "EndpointsListening")]
    private partial void LogListening(Uri address);

    // The signals belong to the application's own host; this server must outlive the first one, to answer probes while work drains.
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
