using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Runtime.Core;
using Runtime.Hosting.Configuration;
using Runtime.Hosting.Jobs;
using Runtime.Hosting.Jobs.Memory;

namespace Runtime.Hosting;

/// <summary>Registers durable jobs.</summary>
internal static class JobServiceCollectionExtensions
{
    public static void AddJobs(this IServiceCollection services)
    {
        services.TryAddSingleton<IJobStore>(static provider => new MemoryJobStore(ClockOf(provider)));
        services.AddSingleton<JobRegistry>();
        services.AddSingleton<JobWaiters>();
        services.AddSingleton<JobRunner>();
        services.AddSingleton<JobReporter>();
        services.AddSingleton<JobImport>();
        services.AddSingleton<JobEngine>();
        services.AddSingleton(static provider => new JobMetrics(provider.GetRequiredService<IMeterFactory>()));
        services.AddSingleton(static provider => new JobClient(
            provider.GetRequiredService<IJobStore>(), provider.GetRequiredService<JobRegistry>(), provider.GetRequiredService<JobWaiters>(), provider.GetRequiredService<JobMetrics>(),
            provider.GetRequiredService<LiveOptions>(), ClockOf(provider)));
        services.AddSingleton<IJobClient>(static provider => provider.GetRequiredService<JobClient>());
        services.AddSingleton(static provider => new RecurringJobClient(
            provider.GetRequiredService<IJobStore>(), provider.GetRequiredService<JobClient>(), ClockOf(provider), provider.GetRequiredService<ILogger<RecurringJobClient>>()));
        services.AddSingleton<IRecurringJobs>(static provider => provider.GetRequiredService<RecurringJobClient>());
        services.AddSingleton<RecurringRegistrations>();
    }

    private static TimeProvider ClockOf(IServiceProvider provider) => provider.GetRequiredService<AsyncRuntime>().TimeProvider;
}
