using System.Threading.Channels;
using Microsoft.Extensions.Options;
using Runtime.Core;
using Samples.Worker.Analysis;

namespace Samples.Worker.Inbox;

/// <summary>Looks through the inbox whenever something may have changed, and says at the end what has become of the files.</summary>
public sealed partial class InboxService(
    InboxScanner scanner,
    Tally tally,
    AsyncRuntime runtime,
    IOptions<WorkerOptions> options,
    IHostApplicationLifetime lifetime,
    ILogger<InboxService> logger) : BackgroundService
{
    // Many changes are one reason to look.
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(50);

    private readonly string _inbox = Path.GetFullPath(options.Value.Inbox);
    private readonly string _outbox = Path.GetFullPath(options.Value.Outbox);

    // Holds an item when there is a reason to look.
    private readonly Channel<bool> _reasons = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(_inbox);
        Directory.CreateDirectory(_outbox);
        LogStarting(_inbox, _outbox, AtomicFile.RemovePartial(_outbox));

        // Not in StopAsync: the runtime drains the queue after every service has stopped, and only then is it known what became of each file.
        lifetime.ApplicationStopped.Register(Report);
        return base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var clock = runtime.TimeProvider;
        using var watcher = Watch();
        await using var timer = clock.CreateTimer(_ => LookAgain(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        try
        {
            while (true)
            {
                var began = clock.GetTimestamp();
                timer.Change(Scan(), Timeout.InfiniteTimeSpan);

                // A large inbox takes long to look through: spend at most a fifth of the time on it.
                var pause = clock.GetElapsedTime(began) * 4;
                await Task.Delay(pause > ShortestPause ? pause : ShortestPause, clock, stoppingToken);
                await _reasons.Reader.WaitToReadAsync(stoppingToken);
                _reasons.Reader.TryRead(out _);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What is queued is drained by the runtime, which stops after this service.
        }
    }

    private void Report()
    {
        scanner.Collect();
        LogStopped(tally.Done, tally.Cancelled, scanner.CountLeft(), _inbox);
    }

    private void LookAgain() => _reasons.Writer.TryWrite(true);

    private TimeSpan Scan()
    {
        try
        {
            return scanner.Scan(LookAgain);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            LogUnreadable(error, _inbox, options.Value.RescanInterval);
            return options.Value.RescanInterval;
        }
    }

    // The watcher only makes it quicker; without it, or when it misses something, the rescan finds every file.
    private FileSystemWatcher? Watch()
    {
        try
        {
            var watcher = new FileSystemWatcher(_inbox);
            watcher.Created += (_, _) => LookAgain();
            watcher.Changed += (_, _) => LookAgain();
            watcher.Renamed += (_, _) => LookAgain();
            watcher.Error += (_, _) => LookAgain();
            watcher.EnableRaisingEvents = true;
            return watcher;
        }
        catch (Exception error) when (error is IOException or ArgumentException or PlatformNotSupportedException)
        {
            LogNotWatched(error, _inbox, options.Value.RescanInterval);
            return null;
        }
    }
}
