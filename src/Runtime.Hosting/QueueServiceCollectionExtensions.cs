using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Runtime.Core;
using Runtime.Hosting.Configuration;
using Runtime.Hosting.Queues;

namespace Runtime.Hosting;

/// <summary>Registers what an application injects of the queues.</summary>
internal static class QueueServiceCollectionExtensions
{
    public static void AddQueues(this IServiceCollection services)
    {
        services.AddSingleton(static provider =>
        {
            var runtime = provider.GetRequiredService<AsyncRuntime>();
            return new BackgroundQueues(
                runtime,
                provider.GetRequiredService<IServiceScopeFactory>(),
                provider.GetRequiredService<LiveOptions>().CurrentValue,
                provider.GetRequiredService<IMeterFactory>(),
                provider.GetRequiredService<ILoggerFactory>(),
                runtime.TimeProvider);
        });
        services.AddScoped(static _ => WorkItemContext.Current);
        services.AddSingleton<IWorkTracker>(static provider => provider.GetRequiredService<BackgroundQueues>());
        services.AddSingleton(static provider => provider.GetRequiredService<BackgroundQueues>().Default);
        services.AddKeyedSingleton(KeyedService.AnyKey, static (provider, key) => Find(provider.GetRequiredService<BackgroundQueues>(), key));
    }

    private static IBackgroundQueue Find(BackgroundQueues queues, object? key) =>
        key is string name ? queues.Get(name) : throw new InvalidOperationException($"The key of a queue is its name, a string; '{key}' is {key?.GetType().Name ?? "null"}.");
}
