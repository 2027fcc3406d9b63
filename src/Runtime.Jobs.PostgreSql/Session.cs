using System.Diagnostics.CodeAnalysis;
using Npgsql;

namespace Runtime.Jobs.PostgreSql;

/// <summary>A connection on which statements run one after the other. For one caller at a time.</summary>
/// <remarks>Every value is a parameter, <c>$1</c>, <c>$2</c>, …; texts of statements are constants of this assembly, <c>{s}</c> for the schema, but for lists of filters made of constants.</remarks>
internal sealed class Session(Database database, NpgsqlConnection connection, CancellationToken cancellationToken)
{
    public CancellationToken CancellationToken { get; } = cancellationToken;

    public NpgsqlConnection Connection { get; } = connection;

    public async Task<int> RunAsync(string sql, NpgsqlParameter[] values)
    {
        await using var command = Bind(sql, values);
        return await command.ExecuteNonQueryAsync(CancellationToken).ConfigureAwait(false);
    }

    /// <summary>Lets the statements of this transaction read whole tables, since they may have to: those that look for jobs by what people ask for.</summary>
    public Task<int> MayScanAsync() => database.IsPooled ? Task.FromResult(0) : RunAsync("SET LOCAL enable_seqscan = on", []);

    /// <summary>Runs several statements without parameters.</summary>
    [SuppressMessage("Security", "CA2100:Review SQL queries for security vulnerabilities", Justification = "See remarks.")]
    public async Task ScriptAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, Connection);
        await command.ExecuteNonQueryAsync(CancellationToken).ConfigureAwait(false);
    }

    public async Task<T?> ScalarAsync<T>(string sql, NpgsqlParameter[] values)
    {
        await using var command = Bind(sql, values);
        return await command.ExecuteScalarAsync(CancellationToken).ConfigureAwait(false) is T value ? value : default;
    }

    public async Task<List<T>> QueryAsync<T>(string sql, Func<NpgsqlDataReader, T> read, NpgsqlParameter[] values)
    {
        var rows = new List<T>();
        await using var command = Bind(sql, values);
        await using var reader = await command.ExecuteReaderAsync(CancellationToken).ConfigureAwait(false);
        while (await reader.ReadAsync(CancellationToken).ConfigureAwait(false))
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    [SuppressMessage("Security", "CA2100:Review SQL queries for security vulnerabilities", Justification = "See remarks.")]
    private NpgsqlCommand Bind(string sql, NpgsqlParameter[] values)
    {
        var command = new NpgsqlCommand(database.Text(sql), Connection);
        foreach (var value in values)
        {
            command.Parameters.Add(value);
        }

        return command;
    }
}
