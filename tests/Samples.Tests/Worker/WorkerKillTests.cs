using System.Globalization;
using System.Text;
using Samples.TextAnalysis;
using Xunit.Abstractions;

namespace Samples.Tests.Worker;

public sealed class WorkerKillTests(ITestOutputHelper output)
{
    // More of them on request: each takes a second or two.
    private const string CyclesVariable = "SAMPLES_KILL_CYCLES";
    private const int DefaultCycles = 8;
    private const int FilesPerCycle = 40;

    private static readonly string[] Settings =
        ["Worker:SettleTime=00:00:00", "Worker:RescanInterval=00:00:00.02", "Logging:LogLevel:Default=Information"];

    [Fact]
    public async Task Kill_AtAnyMoment_LosesNoFile()
    {
        var cycles = int.TryParse(Environment.GetEnvironmentVariable(CyclesVariable), NumberStyles.None, CultureInfo.InvariantCulture, out var wished) ? wished : DefaultCycles;
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}, {cycles} cycles");
        var random = new Random(seed);
        using var folders = new WorkerFolders();
        var texts = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        var done = 0;

        for (var cycle = 0; cycle < cycles; cycle++)
        {
            Add(FilesPerCycle / 2);
            await using var worker = new WorkerProcess(folders, Settings);

            // Once in four times the blow falls anywhere in the start, else right after one of the next files is done.
            if (cycle % 4 == 3)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(random.Next(1000)), TimeProvider.System);
            }
            else
            {
                await worker.WaitForLineAsync("Application started");
                Add(FilesPerCycle / 2);
                await folders.WaitForResultsAsync(done + random.Next(1, FilesPerCycle / 2));
            }

            await worker.KillAsync();
            done = CheckNothingIsLost();
            output.WriteLine($"kill {cycle}: {done} of {texts.Count} files done");
        }

        await using (var worker = new WorkerProcess(folders, Settings))
        {
            // Before it has started, a signal ends it as it ends any process.
            await worker.WaitForLineAsync("Application started");
            await folders.WaitForEmptyInboxAsync();
            (await worker.StopAsync(WorkerProcess.Terminate)).ShouldBe(0);
        }

        CheckNothingIsLost().ShouldBe(texts.Count);
        Directory.EnumerateFiles(folders.Outbox, "*", new EnumerationOptions { AttributesToSkip = FileAttributes.None }).Count()
            .ShouldBe(texts.Count, $"Something half-written is left; seed {seed}.");

        void Add(int count)
        {
            for (var i = 0; i < count; i++)
            {
                var name = $"{texts.Count}.txt";
                var bytes = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, random.Next(1, random.Next(1, 20_000))).Select(n => $"{n * texts.Count} ")));
                texts.Add(name, bytes);
                folders.Put(name, bytes);
            }
        }

        // Every file is in the inbox as it came, or its right result is in the outbox, or both.
        int CheckNothingIsLost()
        {
            var found = 0;
            foreach (var (name, bytes) in texts)
            {
                if (File.Exists(folders.OutboxFile(name)))
                {
                    found++;
                    using var analyzer = new TextAnalyzer();
                    analyzer.Append(bytes);
                    folders.Result(name).ShouldBeEquivalentTo(analyzer.Complete(), $"{name}, seed {seed}");
                }
                else
                {
                    File.ReadAllBytes(folders.InboxFile(name)).ShouldBe(bytes, $"{name}, seed {seed}");
                }
            }

            return found;
        }
    }
}
