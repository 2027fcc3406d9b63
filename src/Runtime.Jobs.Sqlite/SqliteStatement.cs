using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Runtime.Jobs.Sqlite;

/// <summary>A prepared statement. For one thread at a time, and for one use at a time: bind, step, reset.</summary>
/// <remarks>
/// SQLite's own functions, not ADO.NET: parameters looked up by their names and readers made for every use cost more than SQLite itself. Allocates nothing.
/// Each use ends with a reset, also when it fails: a statement that stands on a row keeps its transaction open.
/// </remarks>
internal sealed class SqliteStatement : IDisposable
{
    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;
    private readonly bool _hasParameters;

    /// <exception cref="SqliteException">SQLite does not understand the text.</exception>
    public SqliteStatement(sqlite3 database, string sql)
    {
        _database = database;
        Check(raw.sqlite3_prepare_v3(database, sql, raw.SQLITE_PREPARE_PERSISTENT, out _statement));
        _hasParameters = raw.sqlite3_bind_parameter_count(_statement) > 0;
    }

    public SqliteRow Row => new(_statement);

    /// <summary>Sets all parameters, those without a value to null.</summary>
    public void Bind(ReadOnlySpan<SqliteValue> values)
    {
        if (_hasParameters)
        {
            raw.sqlite3_clear_bindings(_statement);
        }

        for (var i = 0; i < values.Length; i++)
        {
            Check(values[i].Bind(_statement, i + 1));
        }
    }

    /// <summary>Goes on to the next row.</summary>
    /// <returns><see langword="false"/> when there is none.</returns>
    /// <exception cref="SqliteException">It failed.</exception>
    public bool Step()
    {
        var code = raw.sqlite3_step(_statement);
        if (code is raw.SQLITE_ROW or raw.SQLITE_DONE)
        {
            return code == raw.SQLITE_ROW;
        }

        SqliteException.ThrowExceptionForRC(code, _database);
        return false;
    }

    // What this returns was thrown by the step already.
    public void Reset() => raw.sqlite3_reset(_statement);

    public void Dispose() => _statement.Dispose();

    private void Check(int code) => SqliteException.ThrowExceptionForRC(code, _database);
}
