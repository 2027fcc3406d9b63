using System.IO.Enumeration;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Runtime.Core;
using Runtime.Hosting;
using Samples.TextAnalysis;
using Samples.Worker.Analysis;

namespace Samples.Worker.Inbox;

/// <summary>Knows the files of the inbox and queues the complete ones. The inbox itself is the durable queue; the one in memory is a window on it.</summary>
/// <remarks>Not thread safe: <see cref="InboxService"/> owns it.</remarks>
public sealed partial class InboxScanner(
    IBackgroundQueue queue,
    FileAnalysis analysis,
    Tally tally,
    AsyncRuntime runtime,
    IOptions<WorkerOptions> options,
    ILogger<InboxScanner> logger)
{
    private const int LongestKey = 200;

    private static readonly EnumerationOptions RegularFiles = new()
    {
        AttributesToSkip = FileAttributes.Hidden | FileAttributes.System | FileAttributes.Directory | FileAttributes.ReparsePoint,
    };

    private readonly string _inbox = Path.GetFullPath(options.Value.Inbox);
    private readonly Dictionary<string, KnownFile> _known = new(StringComparer.Ordinal);
    private readonly TimeProvider _clock = runtime.TimeProvider;
    private int _scan;

    /// <summary>Takes in what has ended, looks through the inbox, and queues what is complete and due.</summary>
    /// <param name="over">Called, on any thread, when a queued file is over and the next look would find something to do.</param>
    /// <returns>How long from now on there will be nothing to do, unless something changes.</returns>
    /// <exception cref="IOException">The inbox cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The inbox must not be read.</exception>
    public TimeSpan Scan(Action over)
    {
        Collect();
        Directory.CreateDirectory(_inbox);
        _scan++;
        var now = _clock.GetUtcNow();
        var next = options.Value.RescanInterval;
        var full = false;
        foreach (var (name, length, written) in Files())
        {
            var due = Look(name, length, written, now, out var file) - now;
            if (file.Work is not null)
            {
                continue;
            }

            if (due > TimeSpan.Zero)
            {
                next = due < next ? due : next;
            }
            else if (!full)
            {
                full = !TryEnqueue(name, file, over);
            }
        }

        Forget();
        tally.Waiting = _known.Count;
        return next;
    }

    /// <summary>Counts the files that are in the inbox now.</summary>
    /// <returns>How many.</returns>
    public int CountLeft() => Directory.Exists(_inbox) ? Files().Count() : 0;

    /// <summary>Takes in what has ended since the last look.</summary>
    public void Collect()
    {
        foreach (var (name, file) in _known)
        {
            switch (file.Work?.Status)
            {
                case WorkStatus.Succeeded when file.Work.TryGetResult(out var found) && found is not null:
                    tally.CountDone(found.Bytes);
                    _known.Remove(name);
                    break;
                case WorkStatus.Succeeded:
                    LogIncomplete(name, Postpone(file, options.Value.RetryDelay));
                    break;
                case WorkStatus.Failed:
                    tally.CountFailure();
                    var error = file.Work.Error;
                    LogFailed(error, name, Postpone(file, BackOff(file)));
                    break;
                case WorkStatus.Cancelled or WorkStatus.Dropped:
                    tally.CountCancelled();
                    LogCancelled(name, Postpone(file, options.Value.RetryDelay));
                    break;
            }
        }

        tally.Waiting = _known.Count;
    }

    private FileSystemEnumerable<(string Name, long Length, DateTimeOffset Written)> Files() =>
        new(_inbox, static (ref entry) => (entry.FileName.ToString(), entry.Length, entry.LastWriteTimeUtc), RegularFiles)
        {
            ShouldIncludePredicate = static (ref entry) =>
                !entry.IsDirectory && !entry.FileName.EndsWith(".tmp", StringComparison.OrdinalIgnoreCase) && !entry.FileName.EndsWith(".part", StringComparison.OrdinalIgnoreCase),
        };

    // Notes what a file looks like and returns when it may be queued.
    private DateTimeOffset Look(string name, long length, DateTimeOffset written, DateTimeOffset now, out KnownFile file)
    {
        if (!_known.TryGetValue(name, out file!))
        {
            _known.Add(name, file = new KnownFile());
        }

        file.Scan = _scan;
        if (file.Length != length || file.Written != written)
        {
            (file.Length, file.Written, file.Failures, file.NotBefore) = (length, written, 0, DateTimeOffset.MinValue);

            // A time of change that lies in the future says nothing; then the file must stand still under our eyes.
            file.QuietSince = written <= now ? written : now;
        }

        var settled = file.QuietSince + options.Value.SettleTime;
        return settled > file.NotBefore ? settled : file.NotBefore;
    }

    private bool TryEnqueue(string name, KnownFile file, Action over)
    {
        var info = new FileInfo(Path.Combine(_inbox, name));
        var work = new EnqueueOptions { Name = Short(name), UniqueKey = Short(info.FullName) };
        if (!queue.TryEnqueue<TextStatistics?>(token => analysis.RunAsync(info, token), work, out var handle))
        {
            return false;
        }

        file.Work = handle;
        _ = handle.Completion.ContinueWith((_, _) => over(), null, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return true;
    }

    // A file that has gone is forgotten, unless its work still has to be collected.
    private void Forget()
    {
        foreach (var (name, file) in _known)
        {
            if (file.Scan != _scan && file.Work is null)
            {
                _known.Remove(name);
            }
        }
    }

    // Doubles with every failure in a row, so that a file that cannot be read costs next to nothing.
    private TimeSpan BackOff(KnownFile file)
    {
        var delay = options.Value.RetryDelay * Math.Pow(2, Math.Min(file.Failures++, 20));
        return delay < options.Value.MaxRetryDelay ? delay : options.Value.MaxRetryDelay;
    }

    private TimeSpan Postpone(KnownFile file, TimeSpan delay)
    {
        file.NotBefore = _clock.GetUtcNow() + delay;
        file.Work = null;
        return delay;
    }

    // Names and keys of work are short; a longer path stands for itself by its hash.
    private static string Short(string text) =>
        text.Length <= LongestKey ? text : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>What is known of one file.</summary>
    private sealed class KnownFile
    {
        // As last seen, and since when it has looked like that.
        public long Length = -1;
        public DateTimeOffset Written;
        public DateTimeOffset QuietSince;

        // The scan that saw it last.
        public int Scan;

        // Failed attempts in a row, and when the next attempt is due.
        public int Failures;
        public DateTimeOffset NotBefore;

        // The attempt that is queued or running.
        public WorkHandle<TextStatistics?>? Work;
    }
}
