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
        Check(connectionString, nameof(connectionString));
        var options = Configured(configure);
        builder.Services.Replace(ServiceDescriptor.Singleton<IJobStore>(_ => Open(connectionString, options)));
        return builder;
    }

    /// <summary>Spreads durable jobs over several PostgreSQL databases, by <see cref="JobOptions.ShardBy"/>: where one takes no more, or tenants are to be kept apart.</summary>
    /// <param name="builder">What <c>AddAsyncRuntime</c> returned.</param>
    /// <param name="connectionStrings">The databases, 1 to 256. The place in the list is the number of the database, which the ids of its jobs carry: append new ones, and leave an empty text for one that is gone.</param>
    /// <param name="configure">Says how the databases are used.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentException">A connection string cannot be read or names no host, an option is out of its range, or no database takes new jobs.</exception>
    /// <remarks>
    /// Jobs without <see cref="JobOptions.ShardBy"/> are in the first database. A database that is away holds up its own jobs only, at the start too. How to add one and take one away is said in the package's README.
    /// </remarks>
    public static IAsyncRuntimeBuilder UsePostgreSql(this IAsyncRuntimeBuilder builder, IReadOnlyList<string> connectionStrings, Action<PostgreSqlJobOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(connectionStrings);
        foreach (var (number, connectionString) in connectionStrings.Index())
        {
            try
            {
                if (connectionString is not "")
                {
                    Check(connectionString, nameof(connectionStrings));
                }
            }
            catch (ArgumentException exception)
            {
                throw new ArgumentException($"The connection string of database {number} cannot be one. {exception.Message}", nameof(connectionStrings), exception);
            }
        }

        var options = Configured(configure);
        CheckClosed(connectionStrings, options.ClosedCells);
        _ = Spread(connectionStrings, options); // says now what is wrong with them
        builder.Services.Replace(ServiceDescriptor.Singleton<IJobStore>(_ => Spread(connectionStrings, options)));
        return builder;
    }

    private static CellJobStore Spread(IReadOnlyList<string> connectionStrings, PostgreSqlJobOptions options) =>
        new([.. connectionStrings.Select(one => one.Length == 0 ? null : Open(one, options))], options.ClosedCells, options.CellOf);

    // The system's timers, not the runtime's: a node all of whose workers are busy must not be taken for dead.
    private static PostgreSqlJobStore Open(string connectionString, PostgreSqlJobOptions options) => new(connectionString, options, TimeProvider.System);

    private static PostgreSqlJobOptions Configured(Action<PostgreSqlJobOptions>? configure)
    {
        var options = new PostgreSqlJobOptions();
        configure?.Invoke(options);
        options.Check();
        return options;
    }

    private static void CheckClosed(IReadOnlyList<string> connectionStrings, IReadOnlyCollection<int> closed)
    {
        foreach (var number in closed.Where(number => number < 0 || number >= connectionStrings.Count || connectionStrings[number].Length == 0))
        {
            throw new ArgumentException($"{nameof(PostgreSqlJobOptions)}.{nameof(PostgreSqlJobOptions.ClosedCells)} names database {number}, which is not in the list. Name one by its place, from 0 to {connectionStrings.Count - 1}.", nameof(closed));
        }

        if (!connectionStrings.Index().Any(one => one.Item.Length > 0 && !closed.Contains(one.Index)))
        {
            throw new ArgumentException($"No database takes new jobs: name one at least that is not in {nameof(PostgreSqlJobOptions)}.{nameof(PostgreSqlJobOptions.ClosedCells)}.", nameof(connectionStrings));
        }
    }

    private static void Check(string connectionString, string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(connectionString, name);
        if (string.IsNullOrEmpty(new NpgsqlConnectionStringBuilder(connectionString).Host))
        {
            throw new ArgumentException("The connection string names no Host; it must be one such as 'Host=db;Database=app;Username=app;Password=…'.", name);
        }
    }
}
