using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Runtime.Jobs.Sqlite;

/// <summary>A connection with its prepared statements. For one thread at a time.</summary>
/// <remarks>Every value is a parameter, <c>$1</c>, <c>$2</c>, …; texts of statements are constants of this assembly, but for lists of filters made of constants.</remarks>
internal sealed class SqliteSession(SqliteConnection connection, SqliteTransaction? transaction = null) : IDisposable
{
    // Filters give some dozens of different statements; what is more than that is not kept.
    private const int MostStatements = 100;

    private readonly Dictionary<string, SqliteCommand> _statements = new(StringComparer.Ordinal);

    public SqliteConnection Connection { get; } = connection;

    /// <summary>Gets what is to be told once the transaction has committed.</summary>
    public Outbox Outbox { get; set; } = new();

    /// <summary>Runs statements that build on one another, and so cannot be prepared together.</summary>
    [SuppressMessage("Security", "CA2100:Review SQL queries for security vulnerabilities", Justification = "See remarks.")]
    public void Script(string sql)
    {
        using var command = Connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public int Run(string sql, params ReadOnlySpan<object?> values) => Bind(sql, values).ExecuteNonQuery();

    public object? Scalar(string sql, params ReadOnlySpan<object?> values) => Bind(sql, values).ExecuteScalar() is { } value and not DBNull ? value : null;

    public long? Number(string sql, params ReadOnlySpan<object?> values) => Scalar(sql, values) is { } value ? Convert.ToInt64(value, CultureInfo.InvariantCulture) : null;

    public List<T> Query<T>(string sql, Func<SqliteDataReader, T> read, params ReadOnlySpan<object?> values)
    {
        var rows = new List<T>();
        using var reader = Bind(sql, values).ExecuteReader();
        while (reader.Read())
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    public void Dispose()
    {
        foreach (var statement in _statements.Values)
        {
            statement.Dispose();
        }

        _statements.Clear();
    }

    private SqliteCommand Bind(string sql, ReadOnlySpan<object?> values)
    {
        var command = Prepared(sql, values.Length);
        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i] ?? DBNull.Value;
        }

        return command;
    }

    [SuppressMessage("Security", "CA2100:Review SQL queries for security vulnerabilities", Justification = "See remarks.")]
    private SqliteCommand Prepared(string sql, int count)
    {
        if (_statements.TryGetValue(sql, out var command))
        {
            return command;
        }

        if (_statements.Count >= MostStatements)
        {
            Dispose();
        }

        command = Connection.CreateCommand();
        command.CommandText = sql;
        command.Transaction = transaction;
        for (var i = 1; i <= count; i++)
        {
            command.Parameters.Add(new SqliteParameter { ParameterName = "$" + i.ToString(CultureInfo.InvariantCulture) });
        }

        command.Prepare(); // else each execution would read the text again
        _statements.Add(sql, command);
        return command;
    }
}
