using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Runtime.Core;

namespace Runtime.Hosting.Tests.Support;

/// <summary>A real generic host with the runtime in it, on given settings and with its log at hand.</summary>
public sealed class TestHost : IAsyncDisposable
{
    // Started and not stopped. The host's own stop fails on a host whose start did.
    private bool _started;

    private TestHost(IHost host, CapturedLogs logs)
    {
        Host = host;
        Logs = logs;
    }

    public IHost Host { get; }

    public CapturedLogs Logs { get; }

    public IServiceProvider Services => Host.Services;

    public AsyncRuntime Runtime => Services.GetRequiredService<AsyncRuntime>();

    /// <summary>Builds a host that is not started.</summary>
    public static TestHost Build(Action<HostApplicationBuilder>? configure = null, params (string Key, string? Value)[] settings)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(settings.Select(static setting => KeyValuePair.Create("AsyncRuntime:" + setting.Key, setting.Value)));
        var logs = new CapturedLogs();
        builder.Logging.AddProvider(logs);
        configure?.Invoke(builder);
        builder.Services.AddAsyncRuntime();
        return new(builder.Build(), logs);
    }

    /// <summary>Builds and starts a host.</summary>
    public static async Task<TestHost> StartAsync(Action<HostApplicationBuilder>? configure = null, params (string Key, string? Value)[] settings)
    {
        var host = Build(configure, settings);
        await host.StartAsync();
        return host;
    }

    public async Task StartAsync()
    {
        await Host.StartAsync().Guard();
        _started = true;
    }

    public Task StopAsync()
    {
        _started = false; // a second stop would call the application's services a second time
        return Host.StopAsync().Guard();
    }

    public async ValueTask DisposeAsync()
    {
        if (_started)
        {
            await Host.StopAsync().Guard();
        }

        await ((IAsyncDisposable)Host).DisposeAsync();
    }
}
