using Microsoft.Extensions.DependencyInjection.Extensions;
using Npgsql;
using Runtime.Hosting;
using Runtime.Hosting.Jobs;
using Runtime.Jobs.PostgreSql;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Keeps durable jobs in PostgreSQL.</summary>
public static class PostgreSqlBuilderExtensions
{
    /// <summary>Keeps durable jobs in PostgreSQL: they outlive the process, and any number of processes share them.</summary>
    /// <param name="builder">What <c>AddAsyncRuntime</c> returned.</param>
    /// <param name="connectionString">The connection string, e.g. <c>Host=db;Database=app;Username=app;Password=…</c>. It may lead to PgBouncer in transaction mode.</param>
    /// <param name="configure">Says how the database is used.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentException">The connection string cannot be read or names no host, or an option is out of its range.</exception>
    public static IAsyncRuntimeBuilder UsePostgreSql(this IAsyncRuntimeBuilder builder, string connectionString, Action<PostgreSqlJobOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(connectionString);
        if (string.IsNullOrEmpty(new NpgsqlConnectionStringBuilder(connectionString).Host))
        {
            throw new ArgumentException("The connection string names no Host; it must be one such as 'Host=db;Database=app;Username=app;Password=…'.", nameof(connectionString));
        }

        var options = new PostgreSqlJobOptions();
        configure?.Invoke(options);
        options.Check();
        
        // The system's timers, not the runtime's: a node all of whose workers are busy must not be taken for dead.
        builder.Services.Replace(ServiceDescriptor.Singleton<IJobStore>(_ => new PostgreSqlJobStore(connectionString, options, TimeProvider.System)));
        return builder;
    }
}
