using System.Text;
using System.Text.Json;

namespace Samples.Tests.Worker;

public sealed class WorkerTests : IDisposable
{
    private readonly WorkerFolders _folders = new();

    public void Dispose() => _folders.Dispose();

    [Fact]
    public async Task Start_RealTextsInTheInbox_AreAnalysedAndRemoved()
    {
        var names = RealTexts.Expectations().Select(static text => text.File).ToList();
        foreach (var name in names.Take(names.Count / 2))
        {
            _folders.Put(name, RealTexts.Bytes(name));
        }

        await using var worker = new WorkerProcess(_folders, "Worker:SettleTime=00:00:00.1");
        await worker.WaitForLineAsync("Application started");
        foreach (var name in names.Skip(names.Count / 2))
        {
            _folders.Put(name, RealTexts.Bytes(name));
        }

        foreach (var name in names)
        {
            await _folders.WaitForResultAsync(name);
            RealTexts.Expectation(name).ShouldBeWhatWasFound(_folders.Result(name), RealTexts.Bytes(name));
        }

        (await worker.StopAsync(WorkerProcess.Terminate)).ShouldBe(0);
        worker.Output.ShouldContain($"Stopped: {names.Count} files done, 0 cancelled, 0 left");
        Directory.EnumerateFiles(_folders.Outbox, "*", new EnumerationOptions { AttributesToSkip = FileAttributes.None }).Count().ShouldBe(names.Count);
    }

    [Fact]
    public async Task Start_FoldersMissing_CreatesThem()
    {
        Directory.Delete(_folders.Inbox);
        Directory.Delete(_folders.Outbox);

        await using var worker = new WorkerProcess(_folders, "Worker:SettleTime=00:00:00");
        await worker.WaitForLineAsync("Application started");
        _folders.Put("a.txt", "one"u8.ToArray());

        await _folders.WaitForResultAsync("a.txt");
    }

    [Fact]
    public async Task Start_FoldersNamedByConfiguration_UsesThem()
    {
        var (other, results) = (Path.Combine(_folders.Root, "other"), Path.Combine(_folders.Root, "results"));
        Directory.CreateDirectory(other);
        await File.WriteAllTextAsync(Path.Combine(other, "a"), "one two");

        await using var worker = new WorkerProcess(_folders, "Worker:Inbox=other", $"Worker:Outbox={results}", "Worker:SummaryInterval=00:00:00.1");

        var summary = await worker.WaitForLineAsync("Summary: 1 files done");
        summary.ShouldContain("7 bytes");
        JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(results, "a.json"))).RootElement.GetProperty("words").GetInt32().ShouldBe(2);
    }

    [Fact]
    public async Task Endpoints_OnTheirOwnPort_AnswerWhileItRuns()
    {
        await using var worker = new WorkerProcess(_folders, "Worker:SettleTime=00:00:00");
        var line = await worker.WaitForLineAsync("Health and metrics are at ");
        using var client = new HttpClient { BaseAddress = new Uri(line.Split(' ').Single(static word => word.StartsWith("http://", StringComparison.Ordinal)).TrimEnd(':')) };
        await worker.WaitForLineAsync("Application started");
        _folders.Put("a", "one"u8.ToArray());
        await _folders.WaitForResultAsync("a");

        using var health = JsonDocument.Parse(await client.GetStringAsync("/health"));
        var metrics = await client.GetStringAsync("/metrics");

        health.RootElement.GetProperty("status").GetString().ShouldBe("Healthy");
        metrics.ShouldContain("async_runtime_");
        (await worker.StopAsync(WorkerProcess.Terminate)).ShouldBe(0);
    }

    [Fact]
    public async Task Start_SameFolderTwice_SaysWhatIsWrong()
    {
        await using var worker = new WorkerProcess(_folders, "Worker:Outbox=inbox");

        await worker.WaitForLineAsync("Worker:Outbox is 'inbox', the same folder as Inbox");
    }

    [Fact]
    public async Task Write_InTwoGoes_IsAnalysedOnceComplete()
    {
        // The first half stays longer than the settle time allows: only that the writer still has it open says that it is not all.
        await using var worker = new WorkerProcess(_folders, "Worker:SettleTime=00:00:00", "Worker:RescanInterval=00:00:00.01", "Worker:RetryDelay=00:00:00.02", "Logging:LogLevel:Samples=Debug");
        await worker.WaitForLineAsync("Application started");
        await using (var writer = new FileStream(_folders.InboxFile("slow.txt"), FileMode.CreateNew, FileAccess.Write, FileShare.Read))
        {
            await writer.WriteAsync("first half, "u8.ToArray());
            await writer.FlushAsync();
            await worker.WaitForLineAsync("slow.txt is still being written");
            await writer.WriteAsync("second half"u8.ToArray());
        }

        await _folders.WaitForResultAsync("slow.txt");

        _folders.Result("slow.txt").Words.ShouldBe(4);
    }

    [Theory]
    [InlineData(".hidden")]
    [InlineData("download.part")]
    [InlineData("copy.TMP")]
    public async Task Appear_NameOfAnIncompleteFile_IsLeftAloneUntilItIsRenamed(string name)
    {
        await File.WriteAllTextAsync(_folders.InboxFile(name), "not yet");
        Directory.CreateDirectory(_folders.InboxFile("folder"));
        File.CreateSymbolicLink(_folders.InboxFile("link"), _folders.InboxFile(name));
        await File.WriteAllTextAsync(_folders.InboxFile("whole"), "one");
        await using var worker = new WorkerProcess(_folders, "Worker:SettleTime=00:00:00");
        await _folders.WaitForResultAsync("whole");

        File.Exists(_folders.InboxFile(name)).ShouldBeTrue();
        Directory.EnumerateFiles(_folders.Outbox).ShouldBe([_folders.OutboxFile("whole")]);

        File.Move(_folders.InboxFile(name), _folders.InboxFile("now"));
        await _folders.WaitForResultAsync("now");
    }

    [Fact]
    public async Task Appear_NameAtTheLimit_IsAnalysed()
    {
        // With .json it has the 255 bytes that a file system allows, and more than a queue's key may have.
        var name = new string('n', 250);
        _folders.Put("x", "one"u8.ToArray());
        File.Move(_folders.InboxFile("x"), _folders.InboxFile(name));

        await using var worker = new WorkerProcess(_folders, "Worker:SettleTime=00:00:00");

        await _folders.WaitForResultAsync(name);
    }

    [Fact]
    public async Task Fail_ResultCannotBeWritten_IsTriedAgainEverLaterAndNeverLost()
    {
        Directory.CreateDirectory(_folders.OutboxFile("bad.txt"));
        _folders.Put("bad.txt", "one"u8.ToArray());
        _folders.Put("good.txt", "two"u8.ToArray());
        await using var worker = new WorkerProcess(
            _folders, "Worker:SettleTime=00:00:00", "Worker:RescanInterval=00:00:00.01", "Worker:RetryDelay=00:00:00.01", "Worker:MaxRetryDelay=00:00:00.04");

        foreach (var delay in (string[])["00.0100000", "00.0200000", "00.0400000"])
        {
            await worker.WaitForLineAsync($"bad.txt could not be analysed and stays in the inbox; trying again in 00:00:{delay}");
        }

        await _folders.WaitForResultAsync("good.txt");
        File.Exists(_folders.InboxFile("bad.txt")).ShouldBeTrue();
        Directory.EnumerateFileSystemEntries(_folders.Outbox, ".*").ShouldBeEmpty();
        Directory.Delete(_folders.OutboxFile("bad.txt"));
        await _folders.WaitForResultAsync("bad.txt");
    }

    [Fact]
    public async Task Appear_InboxRemovedAndMadeAgain_GoesOn()
    {
        await using var worker = new WorkerProcess(_folders, "Worker:SettleTime=00:00:00", "Worker:RescanInterval=00:00:00.05");
        _folders.Put("before", "one"u8.ToArray());
        await _folders.WaitForResultAsync("before");

        Directory.Delete(_folders.Inbox);
        Directory.CreateDirectory(_folders.Inbox);
        _folders.Put("after", "two"u8.ToArray());

        await _folders.WaitForResultAsync("after");
    }

    [Fact]
    public async Task Stop_FilesQueued_AreDoneOrLeftAndCounted()
    {
        const int Count = 200;
        var text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 100_000).Select(static n => $"{n} ")));
        for (var i = 0; i < Count; i++)
        {
            _folders.Put($"{i}.txt", text);
        }

        await using var worker = new WorkerProcess(_folders, "Worker:SettleTime=00:00:00", "AsyncRuntime:Shutdown:DrainTimeout=00:00:00.3");
        await worker.WaitForLineAsync("Application started");
        await _folders.WaitForResultsAsync(1);

        (await worker.StopAsync(WorkerProcess.Interrupt)).ShouldBe(0);

        var left = Directory.GetFiles(_folders.Inbox).Length;
        var done = Directory.GetFiles(_folders.Outbox, "*.json").Length;
        (left + done).ShouldBe(Count);
        left.ShouldBeGreaterThan(0);
        worker.Output.ShouldContain($"Stopped: {done} files done, ");
        worker.Output.ShouldContain($" cancelled, {left} left in {_folders.Inbox}");
    }
}
