using Microsoft.Extensions.Logging;
using Runtime.Jobs.Sqlite.CrashWorker;

namespace Runtime.Jobs.PostgreSql.NodeWorker;

/// <summary>Writes down each end that the store has refused.</summary>
internal sealed class FenceLog(Journal journal) : ILoggerProvider, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public void Dispose()
    {
        // The journal is not ours.
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (eventId.Name == "JobFenced" && state is IReadOnlyList<KeyValuePair<string, object?>> values)
        {
            journal.Write($"F {(Guid)values.First(static value => value.Key == "JobId").Value!:N}");
        }
    }
}
