using System.Text.Json;
using Samples.TextAnalysis;

namespace Samples.Tests.Worker;

/// <summary>A new folder with an inbox and an outbox for one test.</summary>
public sealed class WorkerFolders : IDisposable
{
    private static readonly TimeSpan Guard = TimeSpan.FromSeconds(60);

    public WorkerFolders()
    {
        Directory.CreateDirectory(Inbox);
        Directory.CreateDirectory(Outbox);
    }

    public string Root { get; } = Directory.CreateTempSubdirectory("samples-worker-").FullName;

    public string Inbox => Path.Combine(Root, "inbox");

    public string Outbox => Path.Combine(Root, "outbox");

    public string InboxFile(string name) => Path.Combine(Inbox, name);

    public string OutboxFile(string name) => Path.Combine(Outbox, name + ".json");

    /// <summary>Puts a file into the inbox as a careful producer does: complete, by a rename.</summary>
    public void Put(string name, byte[] bytes)
    {
        var partial = InboxFile($".{name}");
        File.WriteAllBytes(partial, bytes);
        File.Move(partial, InboxFile(name));
    }

    public TextStatistics Result(string name) =>
        JsonSerializer.Deserialize<TextStatistics>(File.ReadAllBytes(OutboxFile(name)), JsonSerializerOptions.Web)!;

    public Task WaitForResultAsync(string name) => WaitUntilAsync(() => File.Exists(OutboxFile(name)) && !File.Exists(InboxFile(name)), name);

    public Task WaitForResultsAsync(int count) => WaitUntilAsync(() => Directory.EnumerateFiles(Outbox, "*.json").Count() >= count, $"{count} results", TimeSpan.FromMilliseconds(1));

    public Task WaitForEmptyInboxAsync() => WaitUntilAsync(() => !Directory.EnumerateFileSystemEntries(Inbox).Any(), "the whole inbox");

    public void Dispose() => Directory.Delete(Root, recursive: true);

    private static async Task WaitUntilAsync(Func<bool> isThere, string what, TimeSpan? period = null)
    {
        // The folder is the only interface there is; nothing is decided by how long this takes.
        using var guard = new CancellationTokenSource(Guard);
        using var timer = new PeriodicTimer(period ?? TimeSpan.FromMilliseconds(10));
        try
        {
            while (!isThere())
            {
                await timer.WaitForNextTickAsync(guard.Token);
            }
        }
        catch (OperationCanceledException error)
        {
            throw new TimeoutException($"Waited {Guard} for {what}.", error);
        }
    }
}
