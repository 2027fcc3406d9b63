using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Runtime.Benchmarks.Jobs.History;

/// <summary>Fills a store with jobs that are over, as if by years of work; by its tables, since running them would take as long. Their ids are older than those of new jobs, as they would be.</summary>
[SuppressMessage("Security", "CA2100:Review SQL queries for security vulnerabilities", Justification = "Numbers and names made here.")]
internal static class JobHistory
{
    public static async Task FillSqliteAsync(string file, int count)
    {
        await using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandTimeout = 0;
        command.CommandText = $$"""
            PRAGMA synchronous = OFF;
            PRAGMA cache_size = -1000000;
            INSERT INTO runtime_jobs (id, name, queue, state, priority, rank, run_at, deadline_at, ranked_at, enqueued_at, started_at, finished_at, attempt, max_attempts, crashes, lease, cancel, holds_key,
              node, args, uniqueness, unique_period, concurrency_limit, parent_on)
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {{count}})
            SELECT unhex(printf('%012x', 1700000000000 + i) || hex(randomblob(10))), 'counting', 'default', 10, 2, 2, t, 9223372036854775807, t, t, t, t, 1, 10, 0, i, 0, 0, 'node', x'7B7D', 0, 0, 1, 0
            FROM (SELECT i, CAST((julianday('now') - 1721425.5) * 864000000000 AS INTEGER) AS t FROM n);
            PRAGMA wal_checkpoint(TRUNCATE);
            """;
        await command.ExecuteNonQueryAsync();
    }

    public static async Task FillPostgreSqlAsync(string connectionString, string schema, int count)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var command = source.CreateCommand($"""
            INSERT INTO {schema}.history (row, id, name, queue, state, priority, rank, run_at, deadline_at, ranked_at, enqueued_at, started_at, finished_at, attempt, max_attempts, node, args,
              uniqueness, unique_period, concurrency_limit, tags, parent_on)
            SELECT -i, (lpad(to_hex(1700000000000 + i), 12, '0') || substr(md5(i::text), 1, 20))::uuid, 'counting', 'default', 10, 2, 2, now(), 'infinity', now(), now(), now(), now(), 1, 10, 'node', '{"{}"}', 0, '0', 1, '{"{}"}', 0 FROM generate_series(1, {count}) AS i
            """);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync();
        await using var analyze = source.CreateCommand($"VACUUM ANALYZE {schema}.history");
        analyze.CommandTimeout = 0;
        await analyze.ExecuteNonQueryAsync();
    }
}
