namespace Samples.Worker.Inbox;

public sealed partial class InboxService
{
    [LoggerMessage(10, LogLevel.Information, "Analysing the files of {Inbox} into {Outbox}; removed {Partial} half-written results of an earlier run.")]
    private partial void LogStarting(string inbox, string outbox, int partial);

    [LoggerMessage(11, LogLevel.Information, "Stopped: {Done} files done, {Cancelled} cancelled, {Left} left in {Inbox} for the next start.")]
    private partial void LogStopped(long done, long cancelled, int left, string inbox);

    [LoggerMessage(12, LogLevel.Error, "The inbox {Inbox} cannot be read; trying again in {Delay}.")]
    private partial void LogUnreadable(Exception error, string inbox, TimeSpan delay);

    [LoggerMessage(13, LogLevel.Warning, "The inbox {Inbox} cannot be watched; new files are found every {Delay}.")]
    private partial void LogNotWatched(Exception error, string inbox, TimeSpan delay);
}
