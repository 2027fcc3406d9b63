using Microsoft.Extensions.DependencyInjection.Extensions;
using Runtime.Core;
using Runtime.Hosting;
using Runtime.Hosting.Jobs;
using Runtime.Jobs.Sqlite;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Keeps durable jobs in an SQLite file.</summary>
public static class SqliteBuilderExtensions
{
    /// <summary>Keeps durable jobs in an SQLite file: they outlive the process, and with it any crash. One process at a time uses the file.</summary>
    /// <param name="builder">What <c>AddAsyncRuntime</c> returned.</param>
    /// <param name="connectionString">The connection string, e.g. <c>Data Source=jobs.db</c>; a path is relative to the working directory. The file is made when it is not there.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentException">The connection string cannot be read, or names no file.</exception>
    public static IAsyncRuntimeBuilder UseSqlite(this IAsyncRuntimeBuilder builder, string connectionString)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var file = SqliteFile.Parse(connectionString);
        builder.Services.Replace(ServiceDescriptor.Singleton<IJobStore>(provider => new SqliteJobStore(file, provider.GetRequiredService<AsyncRuntime>().TimeProvider)));
        return builder;
    }
}
