using Microsoft.Extensions.Logging;

namespace Runtime.Hosting.Lifetime;

internal sealed partial class RuntimeService
{
    [LoggerMessage(EventIds.RuntimeStarted, LogLevel.Information, "The runtime runs with {Workers} workers", EventName = "RuntimeStarted")]
    private partial void LogStarted(int workers);

    [LoggerMessage(EventIds.RuntimeStopped, LogLevel.Information,
        "The runtime has stopped: of the work that was live, {Completed} completed and {Cancelled} cancelled, none abandoned (queues {Queued}, spawned {Spawned}: completed/cancelled/abandoned)",
        EventName = "RuntimeStopped")]
    private partial void LogStopped(long completed, long cancelled, string queued, string spawned);

    [LoggerMessage(EventIds.WorkAbandoned, LogLevel.Warning,
        "The runtime has stopped: of the work that was live, {Completed} completed, {Cancelled} cancelled and {Abandoned} had to be abandoned (queues {Queued}, spawned {Spawned}: completed/cancelled/abandoned)",
        EventName = "WorkAbandoned")]
    private partial void LogWorkAbandoned(long completed, long cancelled, long abandoned, string queued, string spawned);

    [LoggerMessage(EventIds.ShutdownBudgetTooSmall, LogLevel.Warning,
        "AsyncRuntime:Shutdown needs up to {Needed} (DrainTimeout + CancelTimeout), but the host gives all services together {Allowed}; work could be cut off. Lower them, or raise HostOptions.ShutdownTimeout",
        EventName = "ShutdownBudgetTooSmall")]
    private partial void LogShutdownBudgetTooSmall(TimeSpan needed, TimeSpan allowed);

    [LoggerMessage(EventIds.UnknownKey, LogLevel.Warning, "{Key} is not a known setting and has no effect. Did you mean {Closest}?", EventName = "UnknownKey")]
    private partial void LogUnknownKey(string key, string closest);

    [LoggerMessage(EventIds.UnhandledException, LogLevel.Error, "An exception left posted work or a callback; the worker goes on", EventName = "UnhandledException")]
    private partial void LogUnhandledException(Exception? exception);

    [LoggerMessage(EventIds.WorkerBlocked, LogLevel.Warning,
        "{Item} has blocked the thread {Worker} for {Duration}; other work goes on, on a thread more. Await instead of waiting, or use SpawnBlocking", EventName = "WorkerBlocked")]
    private partial void LogWorkerBlocked(string item, string worker, TimeSpan duration);

    [LoggerMessage(EventIds.IsolationRefused, LogLevel.Warning,
        "Worker threads do not stand back for requests as AsyncRuntime:Isolation asks: {Problem}", EventName = "IsolationRefused")]
    private partial void LogIsolationRefused(string problem);

    [LoggerMessage(EventIds.PlacementChosen, LogLevel.Information, "AsyncRuntime:Topology: {Placement}", EventName = "PlacementChosen")]
    private partial void LogPlacementChosen(string placement);

    [LoggerMessage(EventIds.PlacementRefused, LogLevel.Warning,
        "A worker does not run where AsyncRuntime:Topology asks: {Problem}. It runs where the system puts it; allow the call, or switch the setting off", EventName = "PlacementRefused")]
    private partial void LogPlacementRefused(string problem);

    [LoggerMessage(EventIds.PollerChosen, LogLevel.Information, "The event loop waits with {Poller}", EventName = "PollerChosen")]
    private partial void LogPollerChosen(string poller);
}
