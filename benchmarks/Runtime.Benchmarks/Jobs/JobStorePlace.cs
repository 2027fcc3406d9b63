using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Runtime.Benchmarks.Jobs.History;
using Runtime.Hosting;

namespace Runtime.Benchmarks.Jobs;

/// <summary>Where stores may put what they keep.</summary>
/// <param name="Folder">For files; empty: the system's temporary folder.</param>
/// <param name="ConnectionString">Of a PostgreSQL database; empty: none.</param>
/// <param name="Finished">How many jobs that are over each store holds from the beginning.</param>
internal sealed record JobStorePlaces(string Folder, string ConnectionString, int Finished)
{
    /// <summary>Makes a folder for one file.</summary>
    public string NewFolder() =>
        Directory.CreateDirectory(Path.Combine(Folder.Length > 0 ? Folder : Path.GetTempPath(), "runtime-jobs-" + Guid.NewGuid().ToString("N"))).FullName;
}

/// <summary>Where one host keeps its jobs.</summary>
internal abstract class JobStorePlace : IAsyncDisposable
{
    public static JobStorePlace Of(string store, JobStorePlaces places) => store switch
    {
        "sqlite" => new InFile(places),
        "postgresql" => new InSchema(new SharedSchema(places.ConnectionString), places.Finished),
        _ => new InMemory(),
    };

    /// <summary>A schema of PostgreSQL that others use too; it stays.</summary>
    public static JobStorePlace OfShared(string connectionString, string schema) => new Joined(connectionString, schema);

    /// <summary>Gets how many jobs that are over it is to hold from the beginning.</summary>
    public virtual int Finished => 0;

    public abstract void Use(IAsyncRuntimeBuilder builder);

    /// <summary>Puts finished jobs in, once the tables are there.</summary>
    public virtual Task FillAsync() => Task.CompletedTask;

    /// <summary>Waits until the ends of all jobs are written; looks past the store, for which counting them may mean to read all that are over.</summary>
    public abstract Task WaitUntilOverAsync(IJobClient jobs);

    public abstract ValueTask DisposeAsync();

    private sealed class InMemory : JobStorePlace
    {
        public override void Use(IAsyncRuntimeBuilder builder)
        {
        }

        public override async Task WaitUntilOverAsync(IJobClient jobs)
        {
            while ((await jobs.CountAsync(new JobFilter { States = [JobState.Running] })).Count > 0)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
            }
        }

        public override ValueTask DisposeAsync() => default;
    }

    private sealed class InFile(JobStorePlaces places) : JobStorePlace
    {
        private readonly string _folder = places.NewFolder();
        private SqliteConnection? _reader;

        public override int Finished => places.Finished;

        private string File => Path.Combine(_folder, "jobs.db");

        public override void Use(IAsyncRuntimeBuilder builder) => builder.UseSqlite($"Data Source={File}");

        public override Task FillAsync() => JobHistory.FillSqliteAsync(File, Finished);

        public override async Task WaitUntilOverAsync(IJobClient jobs)
        {
            if (_reader is null)
            {
                _reader = new SqliteConnection($"Data Source={File};Mode=ReadOnly;Pooling=False");
                await _reader.OpenAsync();
            }

            await using var command = _reader.CreateCommand();
            command.CommandText = "SELECT EXISTS (SELECT 1 FROM runtime_jobs WHERE state = 4)"; // the numbers as texts, else no index would do
            while ((long)(await command.ExecuteScalarAsync())! > 0)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
            }
        }

        public override async ValueTask DisposeAsync()
        {
            if (_reader is not null)
            {
                await _reader.DisposeAsync();
            }

            Directory.Delete(_folder, recursive: true);
        }
    }

    private sealed class InSchema(SharedSchema schema, int finished) : JobStorePlace
    {
        public override int Finished => finished;

        public override void Use(IAsyncRuntimeBuilder builder) => builder.UsePostgreSql(schema.ConnectionString, options => options.Schema = schema.Name);

        public override Task FillAsync() => JobHistory.FillPostgreSqlAsync(schema.ConnectionString, schema.Name, Finished);

        public override Task WaitUntilOverAsync(IJobClient jobs) => schema.WaitUntilOverAsync();

        public override ValueTask DisposeAsync() => schema.DisposeAsync();
    }

    private sealed class Joined(string connectionString, string schema) : JobStorePlace
    {
        public override void Use(IAsyncRuntimeBuilder builder) => builder.UsePostgreSql(connectionString, options => options.Schema = schema);

        public override Task WaitUntilOverAsync(IJobClient jobs) => throw new NotSupportedException("Whoever has made the schema waits.");

        public override ValueTask DisposeAsync() => default;
    }
}
