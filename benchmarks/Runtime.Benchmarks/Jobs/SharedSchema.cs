using System.Diagnostics.CodeAnalysis;
using Npgsql;

namespace Runtime.Benchmarks.Jobs;

/// <summary>The tables of this project's jobs in PostgreSQL, looked at from outside.</summary>
[SuppressMessage("Security", "CA2100:Review SQL queries for security vulnerabilities", Justification = "The name is made here.")]
internal sealed class SharedSchema(string connectionString) : IAsyncDisposable
{
    private readonly NpgsqlDataSource _source = NpgsqlDataSource.Create(connectionString);

    public string Name { get; } = $"b{Guid.NewGuid():N}";

    public string ConnectionString => connectionString;

    /// <summary>Waits until no job is left that is not over.</summary>
    public async Task WaitUntilOverAsync()
    {
        await using var command = _source.CreateCommand($"SELECT EXISTS (SELECT FROM {Name}.jobs)");
        while ((bool)(await command.ExecuteScalarAsync())!)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System);
        }
    }

    /// <summary>Counts the jobs that are over, by the process that ran them.</summary>
    public async Task<IReadOnlyDictionary<string, long>> CountByNodeAsync()
    {
        await using var command = _source.CreateCommand($"SELECT node, count(*) FROM {Name}.history GROUP BY node");
        await using var reader = await command.ExecuteReaderAsync();
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        while (await reader.ReadAsync())
        {
            counts.Add(reader.GetString(0), reader.GetInt64(1));
        }

        return counts;
    }

    public async ValueTask DisposeAsync()
    {
        await using (var command = _source.CreateCommand($"DROP SCHEMA IF EXISTS {Name} CASCADE"))
        {
            await command.ExecuteNonQueryAsync();
        }

        await _source.DisposeAsync();
    }
}
