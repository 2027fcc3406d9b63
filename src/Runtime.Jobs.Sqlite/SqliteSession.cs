using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Runtime.Jobs.Sqlite;

/// <summary>A connection with its prepared statements. For one thread at a time.</summary>
/// <remarks>Every value is a parameter, <c>?1</c>, <c>?2</c>, …; texts of statements are constants of this assembly, but for lists of filters made of constants.</remarks>
internal sealed class SqliteSession(SqliteConnection connection) : IDisposable
{
    // Filters give some dozens of different statements; what is more than that is not kept.
    private const int MostStatements = 100;

    private readonly sqlite3 _database = connection.Handle!;
    private readonly Dictionary<string, SqliteStatement> _statements = new(ByLength.Instance);
    private bool _hasSetBusy;

    /// <summary>Gets what is to be told once the transaction has committed.</summary>
    public Outbox Outbox { get; set; } = new();

    /// <summary>Makes one for somebody else's connection, which has no busy time-out when it was opened by ADO.NET: that waits by itself, but only where it runs the statements.</summary>
    public static SqliteSession OfOthers(SqliteConnection connection)
    {
        var session = new SqliteSession(connection);
        if (session.Number("PRAGMA busy_timeout") == 0)
        {
            raw.sqlite3_busy_timeout(session._database, (int)TimeSpan.FromSeconds(connection.DefaultTimeout).TotalMilliseconds);
            session._hasSetBusy = true;
        }

        return session;
    }

    /// <summary>Runs statements that build on one another, and so cannot be prepared together.</summary>
    public void Script(string sql) => SqliteException.ThrowExceptionForRC(raw.sqlite3_exec(_database, sql), _database);

    /// <summary>Runs a statement that changes rows.</summary>
    /// <returns>How many.</returns>
    public int Run(string sql, params ReadOnlySpan<SqliteValue> values)
    {
        var statement = Bound(sql, values);
        try
        {
            while (statement.Step())
            {
                // Pragmas answer with rows.
            }
        }
        finally
        {
            statement.Reset();
        }

        return raw.sqlite3_changes(_database);
    }

    /// <summary>Reads the number in the first column of the first row.</summary>
    /// <returns><see langword="null"/> when there is no row, or no number in it.</returns>
    public long? Number(string sql, params ReadOnlySpan<SqliteValue> values)
    {
        var statement = Bound(sql, values);
        try
        {
            return statement.Step() ? statement.Row.NumberOrNull(0) : null;
        }
        finally
        {
            statement.Reset();
        }
    }

    /// <summary>Reads the text in the first column of the first row.</summary>
    /// <returns><see langword="null"/> when there is no row, or no text in it.</returns>
    public string? Text(string sql, params ReadOnlySpan<SqliteValue> values)
    {
        var statement = Bound(sql, values);
        try
        {
            return statement.Step() ? statement.Row.TextOrNull(0) : null;
        }
        finally
        {
            statement.Reset();
        }
    }

    public List<T> Query<T>(string sql, Func<SqliteRow, T> read, params ReadOnlySpan<SqliteValue> values)
    {
        List<T> rows = [];
        var statement = Bound(sql, values);
        try
        {
            while (statement.Step())
            {
                rows.Add(read(statement.Row));
            }
        }
        finally
        {
            statement.Reset();
        }

        return rows;
    }

    /// <summary>Gets the number of the row that the last insert made.</summary>
    public long LastRow() => raw.sqlite3_last_insert_rowid(_database);

    public void Dispose()
    {
        Forget();
        if (_hasSetBusy)
        {
            raw.sqlite3_busy_timeout(_database, 0);
        }
    }

    private void Forget()
    {
        foreach (var statement in _statements.Values)
        {
            statement.Dispose();
        }

        _statements.Clear();
    }

    private SqliteStatement Bound(string sql, ReadOnlySpan<SqliteValue> values)
    {
        if (!_statements.TryGetValue(sql, out var statement))
        {
            if (_statements.Count >= MostStatements)
            {
                Forget();
            }

            statement = new(_database, sql);
            _statements.Add(sql, statement);
        }

        statement.Bind(values);
        return statement;
    }

    // The texts are long and mostly of different lengths; to hash all of one would take longer than many a statement.
    private sealed class ByLength : IEqualityComparer<string>
    {
        public static readonly ByLength Instance = new();

        public bool Equals(string? x, string? y) => string.Equals(x, y, StringComparison.Ordinal);

        public int GetHashCode(string text) => text.Length;
    }
}
