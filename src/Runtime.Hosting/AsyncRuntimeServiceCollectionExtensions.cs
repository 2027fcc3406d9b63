using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Runtime.Core;
using Runtime.Core.Tuning;
using Runtime.Hosting;
using Runtime.Hosting.Configuration;
using Runtime.Hosting.Endpoints;
using Runtime.Hosting.Health;
using Runtime.Hosting.Lifetime;
using Runtime.Hosting.Memory;
using Runtime.Hosting.Metrics;
using Runtime.Hosting.Queues;
using Runtime.Hosting.Tuning;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the asynchronous runtime to an application.</summary>
public static class AsyncRuntimeServiceCollectionExtensions
{
    /// <summary>Adds the runtime, its timers and its background queues, started before the application's own services and stopped after them.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">Changes settings in code. Runs after the configuration section <c>AsyncRuntime</c> has been read, and wins over it.</param>
    /// <returns>A builder for more.</returns>
    /// <remarks>
    /// This operation is idempotent: another call only adds its <paramref name="configure"/>. The section is read from the application's
    /// configuration without further ado, checked when the host starts, and applied to the running process when it changes.
    /// Delegates of <c>services.Configure&lt;AsyncRuntimeOptions&gt;(…)</c> count too.
    /// Services to inject: <see cref="IBackgroundQueue"/> (named ones by key), <see cref="IWorkTracker"/>, <see cref="AsyncRuntime"/>, <see cref="Tuner"/>, and under the
    /// key <c>AsyncRuntime</c> its <see cref="TimeProvider"/> and its <see cref="System.Buffers.MemoryPool{T}"/>.
    /// </remarks>
    public static IAsyncRuntimeBuilder AddAsyncRuntime(this IServiceCollection services, Action<AsyncRuntimeHostingOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);

        if (configure is not null)
        {
            services.Configure(configure);
        }

        if (!services.Any(static service => service.ServiceType == typeof(RuntimeService)))
        {
            services.AddLogging();
            services.AddMetrics();
            services.AddOptionsOfRuntime();
            services.AddRuntime();
            services.AddQueues();
            services.AddJobs();
            services.AddTuner();
            services.AddHealthAndEndpoints();
        }

        return new AsyncRuntimeBuilder(services);
    }

    /// <summary>Serves <c>/health</c>, <c>/health/live</c>, <c>/health/ready</c>, <c>/metrics</c> and <c>/runtime/tuner</c> on a port of their own, for an application without a web server. Adds the runtime as well.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">Changes settings in code; it wins over the configuration section <c>AsyncRuntime:Endpoints</c>.</param>
    /// <returns>A builder for more.</returns>
    /// <remarks>
    /// This operation is idempotent: another call only adds its <paramref name="configure"/>. The server listens from before the first service starts until
    /// the runtime has drained. Inject <see cref="AsyncRuntimeEndpoints"/> to learn the address. A web application uses <c>app.MapAsyncRuntime()</c> instead.
    /// </remarks>
    public static IAsyncRuntimeBuilder AddAsyncRuntimeEndpoints(this IServiceCollection services, Action<EndpointsOptions>? configure = null)
    {
        var builder = services.AddAsyncRuntime();
        if (configure is not null)
        {
            services.Configure<AsyncRuntimeHostingOptions>(options => configure(options.Endpoints));
        }

        services.TryAddSingleton(static _ => new AsyncRuntimeEndpoints());
        services.TryAddSingleton<EndpointServer>();
        return builder;
    }

    private static void AddOptionsOfRuntime(this IServiceCollection services)
    {
        services.AddOptions<AsyncRuntimeHostingOptions>().ValidateOnStart();
        services.AddSingleton<IOptionsFactory<AsyncRuntimeHostingOptions>, AsyncRuntimeOptionsFactory>();
        services.AddSingleton<IOptionsChangeTokenSource<AsyncRuntimeHostingOptions>, SectionChangeTokenSource>();
        services.AddSingleton<IValidateOptions<AsyncRuntimeHostingOptions>, AsyncRuntimeOptionsValidator>();
        services.AddSingleton<LiveOptions>();
        services.AddSingleton<IOptionsMonitor<AsyncRuntimeHostingOptions>>(static provider => provider.GetRequiredService<LiveOptions>());
        services.AddScoped<IOptionsSnapshot<AsyncRuntimeHostingOptions>, LiveOptionsSnapshot>();

        // Whoever asks for the options of the core gets the same ones.
        services.AddSingleton<IOptions<AsyncRuntimeOptions>>(static provider => provider.GetRequiredService<IOptions<AsyncRuntimeHostingOptions>>());
        services.AddSingleton<IOptionsMonitor<AsyncRuntimeOptions>>(static provider => provider.GetRequiredService<LiveOptions>());
        services.AddScoped<IOptionsSnapshot<AsyncRuntimeOptions>>(static provider => provider.GetRequiredService<IOptionsSnapshot<AsyncRuntimeHostingOptions>>());
    }

    private static void AddRuntime(this IServiceCollection services)
    {
        services.AddSingleton(static provider => new AsyncRuntime(
            provider.GetRequiredService<LiveOptions>().CurrentValue, provider.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>()));

        // By key: the application's own clock, if it has one, is none of our business.
        services.AddKeyedSingleton(AsyncRuntimeHostingOptions.SectionName, static (provider, _) => provider.GetRequiredService<AsyncRuntime>().TimeProvider);
        services.AddKeyedSingleton<System.Buffers.MemoryPool<byte>>(AsyncRuntimeHostingOptions.SectionName, static (provider, _) => new RuntimeBufferPool(provider.GetRequiredService<AsyncRuntime>().MemoryPool));

        // First of all hosted services, whatever was registered before us; see RuntimeService.
        services.AddSingleton<RuntimeService>();
        services.Insert(0, ServiceDescriptor.Singleton<IHostedService>(static provider => provider.GetRequiredService<RuntimeService>()));
    }

    private static void AddTuner(this IServiceCollection services)
    {
        services.AddSingleton(static provider => new TunableRuntime(
            provider.GetRequiredService<AsyncRuntime>(), provider.GetRequiredService<BackgroundQueues>().SetCapacityShare, provider.GetRequiredService<LiveOptions>().CurrentValue));
        services.AddSingleton<TunerSenses>();
        services.AddSingleton<TunerMetrics>();
        services.AddSingleton(static provider =>
        {
            var runtime = provider.GetRequiredService<AsyncRuntime>();
            return new Tuner(
                provider.GetRequiredService<TunableRuntime>(),
                runtime.Snapshot,
                provider.GetRequiredService<TunerSenses>().Read,
                runtime.WatchForActivity,
                StrategiesOf(provider),
                TimeProvider.System,
                provider.GetRequiredService<LiveOptions>().CurrentValue.Tuner);
        });
        services.AddSingleton<TunerLog>();
    }

    // Not before somebody enumerates it: a strategy may ask for the tuner, which is being made.
    private static IEnumerable<IOptimizationStrategy> StrategiesOf(IServiceProvider provider)
    {
        foreach (var strategy in provider.GetServices<IOptimizationStrategy>())
        {
            yield return strategy;
        }
    }

    private static void AddHealthAndEndpoints(this IServiceCollection services)
    {
        services.AddSingleton(static provider =>
        {
            var runtime = provider.GetRequiredService<AsyncRuntime>();
            return new TimerProbe(runtime.TimeProvider, () => runtime.Snapshot().Timers.Fired);
        });
        services.AddHealthChecks().AddCheck<RuntimeHealthCheck>(RuntimeHealthCheck.Name, failureStatus: null, tags: [RuntimeEndpoints.ReadyTag]);
        services.AddSingleton<MetricsScraper>();
        services.AddSingleton<TunerJson>();
        services.AddSingleton<RuntimeEndpoints>();
    }
}
