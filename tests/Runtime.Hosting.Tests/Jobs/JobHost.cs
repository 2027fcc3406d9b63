using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Jobs;

/// <summary>A host with the scripted jobs.</summary>
internal static class JobHost
{
    public static Task<TestHost> StartAsync(Script script, params (string Key, string? Value)[] settings) => StartAsync(script, null, settings);

    public static Task<TestHost> StartAsync(Script script, Action<HostApplicationBuilder>? configure, params (string Key, string? Value)[] settings) => TestHost.StartAsync(
        builder =>
        {
            builder.Services.AddSingleton(script);
            builder.Services.AddAsyncRuntime().AddJob<ScriptedJob>().AddJob<TickJob>().AddJob<LimitedJob>();
            configure?.Invoke(builder);
        },
        settings);

    public static IJobClient Jobs(this TestHost host) => host.Services.GetRequiredService<IJobClient>();

    public static IRecurringJobs Recurring(this TestHost host) => host.Services.GetRequiredService<IRecurringJobs>();
}
