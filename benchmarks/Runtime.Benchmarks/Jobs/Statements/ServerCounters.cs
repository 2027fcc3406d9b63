using System.Runtime.InteropServices;
using Npgsql;

namespace Runtime.Benchmarks.Jobs.Statements;

/// <summary>What a PostgreSQL database has done since it was made; -1 where the server does not know.</summary>
/// <param name="Statements">Statements executed; needs the extension <c>pg_stat_statements</c>.</param>
/// <param name="Forgotten">How often the extension forgot statements, for want of room, and with them how often they were executed.</param>
/// <param name="Commits">Transactions committed.</param>
/// <param name="Syncs">Syncs of the log, of all databases of the server.</param>
/// <param name="LogBytes">Bytes written to the log, of all databases of the server.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ServerCounters(long Statements, long Forgotten, long Commits, long Syncs, long LogBytes)
{
    /// <summary>Gets how long to wait before reading: an idle connection reports its transactions ten seconds later.</summary>
    public static TimeSpan Settling { get; } = TimeSpan.FromSeconds(12);

    public static ServerCounters operator -(ServerCounters left, ServerCounters right) => new(
        left.Statements < 0 || left.Forgotten != right.Forgotten ? -1 : left.Statements - right.Statements, left.Forgotten - right.Forgotten, left.Commits - right.Commits, left.Syncs - right.Syncs, left.LogBytes - right.LogBytes);

    /// <summary>Waits until the counters tell all that has happened, and reads them.</summary>
    /// <remarks>The reading is itself some statements, and their transactions.</remarks>
    public static async Task<ServerCounters> ReadAsync(string connectionString)
    {
        await Task.Delay(Settling, TimeProvider.System);
        await using var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
        await connection.OpenAsync();
        var isThere = await ReadAsync(connection, "SELECT count(*) FROM pg_extension WHERE extname = 'pg_stat_statements'") > 0;
        var statements = !isThere ? -1 : await ReadAsync(connection, "SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())");
        return new(
            statements,
            isThere ? await ReadAsync(connection, "SELECT dealloc FROM pg_stat_statements_info") : 0,
            await ReadAsync(connection, "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"),
            await ReadAsync(connection, "SELECT wal_sync FROM pg_stat_wal"),
            await ReadAsync(connection, "SELECT wal_bytes::bigint FROM pg_stat_wal"));
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Security", "CA2100:Review SQL queries for security vulnerabilities", Justification = "Texts from above.")]
    private static async Task<long> ReadAsync(NpgsqlConnection connection, string query)
    {
        await using var command = new NpgsqlCommand(query, connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
