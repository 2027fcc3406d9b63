using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Npgsql;
using Runtime.Hosting;

namespace Runtime.Jobs.PostgreSql;

/// <summary>The database: connections, transactions, and what becomes of errors.</summary>
/// <remarks>Thread safe. What lost a race with another transaction (deadlock, serialization) is run again here: nothing of it has happened.</remarks>
internal sealed class Database : IAsyncDisposable
{
    // A prepared statement keeps the plan of the hour in which it was planned. In a table of no or few rows the planner reads the whole, and goes on to when a hundred thousand have come, until a vacuum.
    // Whatever it knows, each statement of the daily work has an index to go by; those that have none say so (Session.MayScanAsync). A scan that there is no way round has a price by which it would be compiled.
    // And a process that freezes within a transaction does not keep its locks for longer than others take to find it dead.
    private const string SessionSettings = "SET enable_seqscan = off; SET jit = off; SET idle_in_transaction_session_timeout = '15s'";

    // Two transactions that wait for each other are told after a second; three of those in a row are no accident.
    private const int MostTries = 5;

    // Statements of this assembly, each with its shapes of filters; the rest is not kept.
    private const int MostPrepared = 100;

    // More calls at once wait for one another, instead of taking the server's last connections: several nodes share some hundred with the application's own.
    private const int DefaultPoolSize = 20;

    private readonly NpgsqlDataSource _source;
    private readonly string _ownConnection;
    private readonly ConcurrentDictionary<string, string> _texts = new(StringComparer.Ordinal);

    private Database(NpgsqlDataSource source, string schema, NpgsqlConnectionStringBuilder settings, bool isPooled)
    {
        (_source, Schema, IsPooled) = (source, schema, isPooled);
        _ownConnection = new NpgsqlConnectionStringBuilder(settings.ConnectionString) { Pooling = false }.ConnectionString;
        (Host, Port, Name) = (settings.Host, settings.Port, settings.Database ?? settings.Username);
    }

    public string Schema { get; }

    /// <summary>Gets whether a pooler stands before the server, so that two transactions of one connection may meet two sessions of the server.</summary>
    public bool IsPooled { get; }

    public string? Host { get; }

    public int Port { get; }

    public string? Name { get; }

    /// <summary>Connects.</summary>
    /// <param name="connectionString">Where to, and as whom.</param>
    /// <param name="schema">The schema of the tables.</param>
    /// <param name="listens">Whether one of the connections is to be a listener's (<see cref="OpenOwnAsync"/>).</param>
    /// <param name="cancellationToken">Cancels the connecting.</param>
    /// <exception cref="JobStoreException">The database cannot be reached, or does not let us in.</exception>
    public static async Task<Database> ConnectAsync(string connectionString, string schema, bool listens, CancellationToken cancellationToken)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        settings.ApplicationName ??= "async-runtime-jobs";
        if (!connectionString.Contains("Command Timeout", StringComparison.OrdinalIgnoreCase))
        {
            settings.CommandTimeout = 15;
        }

        if (!connectionString.Contains("Pool Size", StringComparison.OrdinalIgnoreCase) && !connectionString.Contains("MaxPoolSize", StringComparison.OrdinalIgnoreCase))
        {
            settings.MaxPoolSize = DefaultPoolSize;
        }

        try
        {
            var isPooled = await IsPooledAsync(settings, cancellationToken);
            if (listens && !isPooled && settings.MaxPoolSize > 1)
            {
                settings.MaxPoolSize--;
                settings.MinPoolSize = Math.Min(settings.MinPoolSize, settings.MaxPoolSize);
            }

            settings.NoResetOnClose = true; // nothing here changes a session, and behind a pooler the reset would meet another one
            if (isPooled)
            {
                settings.MaxAutoPrepare = 0;
            }
            else if (settings.MaxAutoPrepare == 0)
            {
                settings.MaxAutoPrepare = MostPrepared;
                settings.AutoPrepareMinUsages = 2;
            }

            var source = new NpgsqlDataSourceBuilder(settings.ConnectionString);
            if (!isPooled)
            {
                source.UsePhysicalConnectionInitializer(PrepareSession, PrepareSessionAsync);
            }

            return new(source.Build(), schema, settings, isPooled);
        }
        catch (NpgsqlException exception)
        {
            throw PostgreSqlErrors.Explain(exception, settings.Host, settings.Database);
        }
    }

    /// <summary>Whether a connection leads to this database. Of a list of hosts only the name of the database is compared: the connection says to which of them it has been made.</summary>
    public bool IsSame(NpgsqlConnection connection) =>
        connection.Database == Name && (Host?.Contains(',', StringComparison.Ordinal) == true || (connection.Host == Host && connection.Port == Port));

    /// <summary>The text of a statement, with the name of the schema.</summary>
    public string Text(string sql) => _texts.GetOrAdd(sql, static (text, schema) => text.Replace("{s}", schema, StringComparison.Ordinal), Schema);

    /// <summary>Runs one statement, or several that are sent and committed together.</summary>
    /// <exception cref="JobStoreException">It failed.</exception>
    public Task<T> RunAsync<T>(Func<Session, Task<T>> work, CancellationToken cancellationToken) => TryAsync(work, isTransaction: false, cancellationToken);

    /// <summary>Runs statements in one transaction, and all of it again when it loses against another one.</summary>
    /// <exception cref="JobStoreException">It failed, and nothing of it has happened.</exception>
    public Task<T> TransactAsync<T>(Func<Session, Task<T>> work, CancellationToken cancellationToken) => TryAsync(work, isTransaction: true, cancellationToken);

    /// <summary>Opens a connection that is nobody else's, before or after: a listener's would go on to hear, and one that the network has dropped would hold up whoever gets it next.</summary>
    public async Task<NpgsqlConnection> OpenOwnAsync(CancellationToken cancellationToken)
    {
        var connection = new NpgsqlConnection(_ownConnection);
        try
        {
            await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
            return connection;
        }
        catch (Exception)
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    public JobStoreException Explain(Exception exception) => PostgreSqlErrors.Explain(exception, Host, Name);

    private static void PrepareSession(NpgsqlConnection connection)
    {
        using var command = new NpgsqlCommand(SessionSettings, connection);
        command.ExecuteNonQuery();
    }

    private static async Task PrepareSessionAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand(SessionSettings, connection);
        await command.ExecuteNonQueryAsync().ConfigureAwait(false);
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "Explained and thrown.")]
    private async Task<T> TryAsync<T>(Func<Session, Task<T>> work, bool isTransaction, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                await using var connection = await _source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
                var session = new Session(this, connection, cancellationToken);
                if (!isTransaction)
                {
                    return await work(session).ConfigureAwait(false);
                }

                await using var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
                var result = await work(session).ConfigureAwait(false);
                await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
                return result;
            }
            catch (PostgresException exception) when (PostgreSqlErrors.IsLostRace(exception) && tries < MostTries)
            {
                // Again.
            }
            catch (Exception exception) when (exception is NpgsqlException or TimeoutException or IOException)
            {
                throw Explain(exception);
            }
            catch (ObjectDisposedException exception)
            {
                throw new JobStoreException("The job store is closed: the process is stopping.", exception, isTransient: false);
            }
        }
    }

    // A pooler hides the process behind a connection: the number it gives at the log-in is not that of the server's process.
    private static async Task<bool> IsPooledAsync(NpgsqlConnectionStringBuilder settings, CancellationToken cancellationToken)
    {
        var alone = new NpgsqlConnectionStringBuilder(settings.ConnectionString) { Pooling = false, MaxAutoPrepare = 0 };
        await using var connection = new NpgsqlConnection(alone.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand("SELECT pg_backend_pid()", connection);
        return (int)(await command.ExecuteScalarAsync(cancellationToken))! != connection.ProcessID;
    }
}
