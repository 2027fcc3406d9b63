using Microsoft.Extensions.Logging;

namespace Runtime.Hosting.Configuration;

internal sealed partial class LiveOptions
{
    private void LogChanges(List<SettingChange> changes)
    {
        LogReloaded(string.Join("; ", changes));
        foreach (var change in changes.Where(static change => change.AtStartOnly))
        {
            LogRestartNeeded(change.Key, change.To?.Value);
        }
    }

    [LoggerMessage(EventIds.ConfigurationReloaded, LogLevel.Information, "Configuration reloaded: {Changes}", EventName = "ConfigurationReloaded")]
    private partial void LogReloaded(string changes);

    [LoggerMessage(EventIds.ConfigurationRejected, LogLevel.Error,
        "The changed configuration is not valid; the old settings stay. {Reason}", EventName = "ConfigurationRejected")]
    private partial void LogRejected(string reason);

    [LoggerMessage(EventIds.ConfigurationRepaired, LogLevel.Information,
        "The configuration is valid again, with the settings that are in force", EventName = "ConfigurationRepaired")]
    private partial void LogRepaired();

    [LoggerMessage(EventIds.RestartNeeded, LogLevel.Warning,
        "{Key} was changed to {Value}; it is read at the start only, so restart the application for it to take effect", EventName = "RestartNeeded")]
    private partial void LogRestartNeeded(string key, string? value);

    [LoggerMessage(EventIds.ConfigurationListenerFailed, LogLevel.Error,
        "A listener failed on the changed configuration; the others were told", EventName = "ConfigurationListenerFailed")]
    private partial void LogListenerFailed(Exception exception);
}
