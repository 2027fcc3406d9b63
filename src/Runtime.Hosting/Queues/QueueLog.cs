using Microsoft.Extensions.Logging;

namespace Runtime.Hosting.Queues;

/// <summary>The log of the queues. Events 700 to 799; an id is never used again for anything else.</summary>
internal static partial class QueueLog
{
    /// <summary>The category of the queues.</summary>
    public const string Category = "Runtime.Hosting.Queues";

    [LoggerMessage(EventIds.WorkFailed, LogLevel.Error, "Work {WorkId} '{WorkName}' of queue '{Queue}' failed.", EventName = "WorkFailed")]
    public static partial void WorkFailed(this ILogger logger, Exception exception, Guid workId, string workName, string queue);

    [LoggerMessage(EventIds.WorkCancelled, LogLevel.Information, "Work {WorkId} '{WorkName}' of queue '{Queue}' was cancelled; reason: {Reason}.", EventName = "WorkCancelled")]
    public static partial void WorkCancelled(this ILogger logger, Guid workId, string workName, string queue, string reason);

    [LoggerMessage(EventIds.WorkDropped, LogLevel.Warning, "{Count} items were dropped from the full queue '{Queue}' by its FullMode {FullMode}.", EventName = "WorkDropped")]
    public static partial void WorkDropped(this ILogger logger, long count, string queue, QueueFullMode fullMode);

    [LoggerMessage(EventIds.CancellationCallbackFailed, LogLevel.Warning, "A callback on the token of work {WorkId} '{WorkName}' of queue '{Queue}' failed; the work has been asked to end all the same.", EventName = "CancellationCallbackFailed")]
    public static partial void CancellationCallbackFailed(this ILogger logger, Exception exception, Guid workId, string workName, string queue);

    [LoggerMessage(EventIds.QueueStopped, LogLevel.Information, "Queue '{Queue}' has stopped: {Completed} items completed, {Cancelled} cancelled, in {Elapsed}.", EventName = "QueueStopped")]
    public static partial void QueueStopped(this ILogger logger, string queue, long completed, long cancelled, TimeSpan elapsed);

    [LoggerMessage(EventIds.QueueAbandoned, LogLevel.Warning, "Queue '{Queue}' has stopped: {Completed} items completed, {Cancelled} cancelled, in {Elapsed}. {Abandoned} ignored their token and were abandoned.", EventName = "QueueAbandoned")]
    public static partial void QueueAbandoned(this ILogger logger, string queue, long completed, long cancelled, long abandoned, TimeSpan elapsed);
}
