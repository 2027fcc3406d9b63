using System.Globalization;
using Microsoft.Data.Sqlite;
using Runtime.Hosting;
using Runtime.Hosting.Jobs;
using Runtime.Jobs.Conformance;
using Xunit.Abstractions;

namespace Runtime.Jobs.Sqlite.Tests.Crashes;

/// <summary>A process with an SQLite store that is killed at any moment. <c>JOBS_KILL_CYCLES=200</c> kills it that often instead of 20 times.</summary>
public sealed class KillTests(ITestOutputHelper output) : IDisposable
{
    // What one process may have claimed and not yet written when it dies: its room, and four times that in ends.
    private const int MostInFlight = 64 * 5;

    private readonly string _folder = Directory.CreateTempSubdirectory("runtime-jobs-kill-").FullName;

    private string Database => Path.Combine(_folder, "jobs.db");

    private string Journal => Path.Combine(_folder, "journal");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Kill_AtRandomMoments_LosesNoAcknowledgedJob()
    {
        var cycles = int.Parse(Environment.GetEnvironmentVariable("JOBS_KILL_CYCLES") ?? "20", CultureInfo.InvariantCulture);
        var seed = Environment.TickCount;
        output.WriteLine($"Seed {seed}.");
        var random = new Random(seed);
        for (var cycle = 0; cycle < cycles; cycle++)
        {
            using var worker = await WorkerProcess.StartAsync(Database, Journal, "enqueue");
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(20, 400)), TimeProvider.System); // the moment of the kill is the point
            await worker.KillAsync();
        }

        using (var worker = await WorkerProcess.StartAsync(Database, Journal, "drain"))
        {
            (await worker.WaitAsync()).ShouldBe(0);
        }

        var lines = await File.ReadAllLinesAsync(Journal);
        var acknowledged = Ids(lines, "A").ToHashSet();
        var ended = Ids(lines, "E").ToHashSet();
        var begun = Ids(lines, "B").ToList();
        var repeated = begun.Count - begun.Distinct().Count();
        output.WriteLine($"{cycles} kills: {acknowledged.Count} acknowledged, {ended.Count} ran, {begun.Count} runs, {repeated} repeated.");
        acknowledged.Count.ShouldBeGreaterThan(cycles);
        acknowledged.Except(ended).ShouldBeEmpty("an acknowledged job was lost");
        repeated.ShouldBeLessThanOrEqualTo(cycles * MostInFlight);
        await using var store = await OpenAsync();
        (await store.CountAsync(new JobFilter(), CancellationToken.None)).ShouldHaveSingleItem().ShouldBe(new(JobState.Succeeded, ended.Count));
        await ShouldBeSoundAsync();
    }

    [Fact]
    public async Task FullDisk_FailsEnqueuesClearly_LosesNothing_AndGoesOnWhenThereIsRoom()
    {
        using (var worker = await WorkerProcess.StartAsync(Database, Journal, "enqueue"))
        {
            await AcknowledgedAsync(moreThan: 200);
            await worker.LimitFilesAsync(Math.Max(new FileInfo(Database).Length, new FileInfo(Database + "-wal").Length) + 200_000);
            (await worker.ReadLineAsync()).ShouldBe(
                $"The job store '{Database}' could not do this: SQLite Error 10: 'disk I/O error'. The disk did not read or write: look at the system's log and at the limits of the process; nothing that was acknowledged is lost, and it goes on by itself.");
            worker.StopReading();
            var before = await AcknowledgedAsync(moreThan: 0);

            await worker.LimitFilesAsync(null);

            await AcknowledgedAsync(moreThan: before + 200);
            await worker.KillAsync();
        }

        using (var worker = await WorkerProcess.StartAsync(Database, Journal, "drain"))
        {
            (await worker.WaitAsync()).ShouldBe(0);
        }

        var lines = await File.ReadAllLinesAsync(Journal);
        Ids(lines, "A").Except(Ids(lines, "E")).ShouldBeEmpty("an acknowledged job was lost");
        await ShouldBeSoundAsync();
    }

    [Fact]
    public async Task FailFast_InAJob_EndsInTheDeadLetters_AndTheOthersSucceed()
    {
        const int Good = 200;
        await using (var store = await OpenAsync())
        {
            await store.EnqueueAsync([New("deadly")], null, CancellationToken.None);
            await store.EnqueueAsync([.. Enumerable.Range(0, Good).Select(static _ => New("recorded"))], null, CancellationToken.None);
        }

        var lives = 0;
        for (var exit = 1; exit != 0; lives++)
        {
            lives.ShouldBeLessThan(6);
            try
            {
                using var worker = await WorkerProcess.StartAsync(Database, Journal, "die");
                exit = await worker.WaitAsync();
            }
            catch (InvalidOperationException)
            {
                // It died before it could say that it had started.
            }
        }

        Ids(await File.ReadAllLinesAsync(Journal), "D").Count().ShouldBe(3);
        await using var end = await OpenAsync();
        var failed = (await end.ListAsync(new JobFilter { States = [JobState.Failed] }, CancellationToken.None)).Jobs.ShouldHaveSingleItem();
        (failed.Name, failed.Crashes, failed.Reason).ShouldBe(("deadly", 3, "The process died 3 times while it ran."));
        (await end.CountAsync(new JobFilter { Name = "recorded" }, CancellationToken.None)).ShouldHaveSingleItem().ShouldBe(new(JobState.Succeeded, Good));
    }

    private async Task<int> AcknowledgedAsync(int moreThan)
    {
        for (var began = TimeProvider.System.GetTimestamp(); ; await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System))
        {
            var count = Ids(await File.ReadAllLinesAsync(Journal), "A").Count();
            if (count > moreThan)
            {
                return count;
            }

            TimeProvider.System.GetElapsedTime(began).ShouldBeLessThan(TimeSpan.FromSeconds(60), "it does not go on");
        }
    }

    private static NewJob New(string name) => new() { Id = Guid.CreateVersion7(), Name = name, Queue = "default", Arguments = "{}"u8.ToArray(), MaxAttempts = 10 };

    private static IEnumerable<string> Ids(IEnumerable<string> lines, string kind) =>
        lines.Where(line => line.Length == 34 && line.StartsWith(kind + " ", StringComparison.Ordinal)).Select(static line => line[2..]);

    private async Task<SqliteJobStore> OpenAsync()
    {
        var store = new SqliteJobStore(SqliteFile.Parse($"Data Source={Database}"), TimeProvider.System);
        await store.OpenAsync(new JobNode("test", [], 1000), new RecordingListener(), CancellationToken.None);
        return store;
    }

    private async Task ShouldBeSoundAsync()
    {
        await using var connection = new SqliteConnection($"Data Source={Database};Mode=ReadOnly;Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA integrity_check";
        (await command.ExecuteScalarAsync()).ShouldBe("ok");
    }
}
