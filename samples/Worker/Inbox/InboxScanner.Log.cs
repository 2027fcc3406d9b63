namespace Samples.Worker.Inbox;

public sealed partial class InboxScanner
{
    [LoggerMessage(1, LogLevel.Debug, "{File} is still being written; looking again in {Delay}.")]
    private partial void LogIncomplete(string file, TimeSpan delay);

    [LoggerMessage(2, LogLevel.Warning, "{File} could not be analysed and stays in the inbox; trying again in {Delay}.")]
    private partial void LogFailed(Exception? error, string file, TimeSpan delay);

    [LoggerMessage(3, LogLevel.Debug, "The analysis of {File} was cancelled; the file stays in the inbox. Trying again in {Delay}, if still running.")]
    private partial void LogCancelled(string file, TimeSpan delay);
}
