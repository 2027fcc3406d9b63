using Runtime.Jobs.Conformance;

namespace Runtime.Jobs.Sqlite.Tests;

public sealed class SqliteWorkerTests : IAsyncLifetime
{
    private const long Normal = 1;
    private const long Full = 2;

    private readonly string _folder = Directory.CreateTempSubdirectory("runtime-jobs-worker-").FullName;
    private readonly RecordingListener _listener = new();
    private SqliteWorker _writer = null!;
    private SqliteWorker _reader = null!;

    public Task InitializeAsync()
    {
        var file = SqliteFile.Parse($"Data Source={Path.Combine(_folder, "jobs.db")}");
        var writing = file.Open(readOnly: false);
        using (var session = new SqliteSession(writing))
        {
            SqliteSchema.Prepare(session, file.Path);
        }

        _writer = new("test-write", writing, _listener);
        _reader = new("test-read", file.Open(readOnly: true), null);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _reader.DisposeAsync();
        await _writer.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData(SqliteSync.Never, Normal)]
    [InlineData(SqliteSync.Soon, Normal)]
    [InlineData(SqliteSync.Now, Full)]
    public async Task Run_IsSynced_WhenTheCallerWaitsForThat(object sync, long level) =>
        (await _writer.RunAsync(Level, CancellationToken.None, (SqliteSync)sync)).ShouldBe(level);

    [Fact]
    public async Task Run_OfWhatReleasesSomething_IsRunAgain_AndSyncedBeforeAnybodyIsTold()
    {
        var runs = 0;

        var level = await _writer.RunAsync(
            session =>
            {
                runs++;
                session.Outbox.NeedsSync = true;
                session.Outbox.Work = true;
                session.Run("INSERT INTO runtime_job_meta (key, value) VALUES ('once', 1)"); // would fail if the first time had not been undone
                return Level(session);
            },
            CancellationToken.None,
            SqliteSync.Soon);

        (level, runs, _listener.Arrivals).ShouldBe((Full, 2, 1));
    }

    [Fact]
    public async Task Run_OfWhatTheDiskIsToHaveSoon_IsSyncedThoughNothingFollows()
    {
        await _writer.RunAsync(static session => session.Run("INSERT INTO runtime_job_meta (key, value) VALUES ('end', 1)"), CancellationToken.None, SqliteSync.Soon);

        while (await _reader.RunAsync(static session => session.Number("SELECT value FROM runtime_job_meta WHERE key = 'syncs'"), CancellationToken.None) is null)
        {
            await Task.Yield(); // the writer does it by itself: nothing asks it to
        }
    }

    [Fact]
    public async Task Values_OfEveryKind_ComeBackAsTheyWere()
    {
        var id = Guid.CreateVersion7();
        var text = string.Concat(Enumerable.Repeat("Größe 中 😀 ", 200));

        var row = await _reader.RunAsync(
            session => session.Query(
                "SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8",
                static row => (row.Number(0), row.Real(1), row.Id(2), row.Text(3), row.TextOrNull(4), row.Bytes(5).Length, row.IsNull(6), row.IsNull(7)),
                long.MinValue, 0.1, id, text, "", Array.Empty<byte>(), (string?)null).ShouldHaveSingleItem(),
            CancellationToken.None);

        row.ShouldBe((long.MinValue, 0.1, id, text, "", 0, true, true));
    }

    [Fact]
    public async Task Run_AfterAStatementFailed_FindsItReadyForUse()
    {
        for (var i = 0; i < 2; i++)
        {
            var failure = await Should.ThrowAsync<Hosting.JobStoreException>(() => _writer.RunAsync(
                static session => session.Run("INSERT INTO runtime_job_meta (key, value) VALUES (?1, ?2)", "version", 2), CancellationToken.None));
            failure.Message.ShouldContain("UNIQUE constraint failed");
        }

        (await _writer.RunAsync(static session => session.Run("INSERT INTO runtime_job_meta (key, value) VALUES (?1, ?2)", "new", 2), CancellationToken.None)).ShouldBe(1);
    }

    private static long? Level(SqliteSession session) => session.Number("PRAGMA synchronous");
}
