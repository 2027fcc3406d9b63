using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Runtime.Core.Tuning;
using Runtime.Hosting;
using Runtime.Hosting.Memory;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds to the asynchronous runtime.</summary>
public static class AsyncRuntimeBuilderExtensions
{
    /// <summary>Adds a named queue. Inject it with <c>[FromKeyedServices("name")] IBackgroundQueue</c>.</summary>
    /// <param name="builder">What <c>AddAsyncRuntime</c> returned.</param>
    /// <param name="name">The name; 1 to 100 characters, and not <c>default</c>.</param>
    /// <param name="configure">Changes the queue's settings. Runs after the section <c>AsyncRuntime:Queues:NAME</c> has been read, and wins over it.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentException"><paramref name="name"/> is null or empty.</exception>
    /// <remarks>This operation is idempotent: another call with the same name only adds its <paramref name="configure"/>. A queue named in the section needs no such call.</remarks>
    public static IAsyncRuntimeBuilder AddQueue(this IAsyncRuntimeBuilder builder, string name, Action<BackgroundQueueOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(name);

        builder.Services.Configure<AsyncRuntimeHostingOptions>(options =>
        {
            // Configuration keys ignore case and the keys of services do not: the spelling in code is the queue's name.
            var spelled = options.Queues.Keys.FirstOrDefault(key => string.Equals(key, name, StringComparison.OrdinalIgnoreCase));
            var queue = spelled is null ? new() : options.Queues[spelled];
            if (spelled is not null)
            {
                options.Queues.Remove(spelled);
            }

            options.Queues[name] = queue;
            configure?.Invoke(queue);
        });
        return builder;
    }

    /// <summary>Has Kestrel take its buffers from the runtime's pool: one bound, one set of figures, and memory that is given back when a burst of connections is over.</summary>
    /// <param name="builder">What <c>AddAsyncRuntime</c> returned.</param>
    /// <returns>The builder.</returns>
    /// <remarks>
    /// Kestrel cannot wait for a buffer: with <see cref="Runtime.Core.Memory.BufferExhaustion.Allocate"/>, the default, a pool at its bound serves it from outside; with the others the
    /// connection that asked is closed. This operation is idempotent.
    /// </remarks>
    public static IAsyncRuntimeBuilder UseBufferPoolForKestrel(this IAsyncRuntimeBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);

        builder.Services.Replace(ServiceDescriptor.Singleton<IMemoryPoolFactory<byte>, KestrelBufferPool>());
        return builder;
    }

    /// <summary>Adds a tuning strategy. It is asked before the built-in ones, and bound by the same limits.</summary>
    /// <typeparam name="TStrategy">The strategy; made once, with the application's services.</typeparam>
    /// <param name="builder">What <c>AddAsyncRuntime</c> returned.</param>
    /// <returns>The builder.</returns>
    /// <remarks>This operation is idempotent for each type.</remarks>
    public static IAsyncRuntimeBuilder AddTuningStrategy<TStrategy>(this IAsyncRuntimeBuilder builder)
        where TStrategy : class, IOptimizationStrategy
    {
        ArgumentNullException.ThrowIfNull(builder);

        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IOptimizationStrategy, TStrategy>());
        return builder;
    }
}
