using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Npgsql;
using Quartz;

namespace Runtime.Benchmarks.Jobs.Peers;

/// <summary>Where one Quartz scheduler keeps its tables: a file or a schema of its own, gone when it is over.</summary>
internal abstract class QuartzPlace : IAsyncDisposable
{
    /// <summary>Gets what was set for the database's sake.</summary>
    public abstract string Settings { get; }

    /// <param name="store">Which database.</param>
    /// <param name="places">Where it is.</param>
    /// <param name="connections">How many connections to PostgreSQL there may be.</param>
    public static QuartzPlace Of(string store, JobStorePlaces places, int connections) => store == "sqlite" ? new InFile(places) : new InSchema(places.ConnectionString, connections);

    /// <summary>Makes what must be there before Quartz makes its tables.</summary>
    public abstract Task PrepareAsync();

    /// <summary>Tells Quartz.</summary>
    public abstract void Use(IPersistentStoreBuilder builder);

    /// <summary>Counts the triggers that are waiting, and those whose end is not written yet: a job that ran once leaves neither.</summary>
    public abstract Task<long> CountOpenAsync();

    public abstract ValueTask DisposeAsync();

    private const string CountOpen = "SELECT (SELECT COUNT(*) FROM qrtz_triggers) + (SELECT COUNT(*) FROM qrtz_fired_triggers)";

    private sealed class InFile(JobStorePlaces places) : QuartzPlace
    {
        // Set by PrepareAsync.
        private string _folder = "";
        private SqliteConnection _connection = null!;

        private string ConnectionString => $"Data Source={Path.Combine(_folder, "quartz.db")}";

        public override string Settings => "WAL, synchronous FULL";

        public override async Task PrepareAsync()
        {
            // The file remembers its journal; FULL is what every connection begins with, which the answer confirms.
            _folder = places.NewFolder();
            _connection = new SqliteConnection(ConnectionString);
            await _connection.OpenAsync();
            await using var command = _connection.CreateCommand();
            command.CommandText = "PRAGMA journal_mode = WAL";
            await command.ExecuteNonQueryAsync();
            command.CommandText = "PRAGMA synchronous";
            const long Full = 2;
            if (await command.ExecuteScalarAsync() is not Full)
            {
                throw new InvalidOperationException("A new connection to SQLite does not sync each commit here; the comparison would not be fair.");
            }
        }

        public override void Use(IPersistentStoreBuilder builder) => builder.UseSqlite(ConnectionString);

        public override async Task<long> CountOpenAsync()
        {
            await using var command = _connection.CreateCommand();
            command.CommandText = CountOpen;
            return (long)(await command.ExecuteScalarAsync())!;
        }

        public override async ValueTask DisposeAsync()
        {
            if (_connection is not null)
            {
                SqliteConnection.ClearPool(_connection);
                await _connection.DisposeAsync();
                Directory.Delete(_folder, recursive: true);
            }
        }
    }

    [SuppressMessage("Security", "CA2100:Review SQL queries for security vulnerabilities", Justification = "The name is made here.")]
    private sealed class InSchema : QuartzPlace
    {
        private readonly string _schema = $"q{Guid.NewGuid():N}";
        private readonly string _connectionString;
        private readonly int _connections;
        private readonly NpgsqlDataSource _source;

        public InSchema(string connectionString, int connections)
        {
            _connections = connections;
            _connectionString = string.Create(
                CultureInfo.InvariantCulture, $"{connectionString};Search Path={_schema};Maximum Pool Size={connections};No Reset On Close=true;Max Auto Prepare=100");
            _source = NpgsqlDataSource.Create(_connectionString);
        }

        public override string Settings =>
            string.Create(CultureInfo.InvariantCulture, $"fsync on, {_connections} connections at most, statements prepared by Npgsql, connections not reset in between");

        public override async Task PrepareAsync()
        {
            await using var command = _source.CreateCommand($"CREATE SCHEMA {_schema}");
            await command.ExecuteNonQueryAsync();
        }

        public override void Use(IPersistentStoreBuilder builder) => builder.UsePostgres(_connectionString);

        public override async Task<long> CountOpenAsync()
        {
            await using var command = _source.CreateCommand(CountOpen);
            return (long)(await command.ExecuteScalarAsync())!;
        }

        public override async ValueTask DisposeAsync()
        {
            await using (var command = _source.CreateCommand($"DROP SCHEMA IF EXISTS {_schema} CASCADE"))
            {
                await command.ExecuteNonQueryAsync();
            }

            await _source.DisposeAsync();
        }
    }
}
