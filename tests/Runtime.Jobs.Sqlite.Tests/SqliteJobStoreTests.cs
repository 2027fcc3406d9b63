using Runtime.Hosting.Jobs;
using Runtime.Jobs.Conformance;

namespace Runtime.Jobs.Sqlite.Tests;

public sealed class SqliteJobStoreTests : JobStoreConformanceTests
{
    private readonly string _folder = Directory.CreateTempSubdirectory("runtime-jobs-sqlite-").FullName;

    protected override IJobStore Create(TimeProvider clock) => new SqliteJobStore(SqliteFile.Parse($"Data Source={_folder}/jobs.db"), clock);

    protected override Task CleanUpAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return Task.CompletedTask;
    }
}
