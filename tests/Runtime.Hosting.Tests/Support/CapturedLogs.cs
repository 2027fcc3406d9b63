using Microsoft.Extensions.Logging;

namespace Runtime.Hosting.Tests.Support;

/// <summary>One log line.</summary>
public sealed record LogLine(string Category, LogLevel Level, EventId Id, string Text, Exception? Exception);

/// <summary>Keeps every log line, and lets a test wait for one.</summary>
public sealed class CapturedLogs : ILoggerProvider
{
    private readonly Lock _lock = new();
    private readonly List<LogLine> _lines = [];
    private readonly List<(Predicate<LogLine> Wanted, TaskCompletionSource<LogLine> Found)> _waiters = [];

    public IReadOnlyList<LogLine> Lines
    {
        get
        {
            lock (_lock)
            {
                return [.. _lines];
            }
        }
    }

    public IReadOnlyList<LogLine> Of(int eventId) => [.. Lines.Where(line => line.Id.Id == eventId && line.Category.Contains("Runtime", StringComparison.Ordinal))];

    public Task<LogLine> WaitFor(int eventId, string part = "") => WaitFor(line => line.Id.Id == eventId && line.Text.Contains(part, StringComparison.Ordinal));

    public Task<LogLine> WaitFor(Predicate<LogLine> wanted)
    {
        lock (_lock)
        {
            if (_lines.Find(wanted) is { } line)
            {
                return Task.FromResult(line);
            }

            var found = new TaskCompletionSource<LogLine>(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((wanted, found));
            return found.Task.Guard();
        }
    }

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void Dispose()
    {
    }

    private void Add(LogLine line)
    {
        lock (_lock)
        {
            _lines.Add(line);
            foreach (var (_, found) in _waiters.Where(waiter => waiter.Wanted(line)))
            {
                found.TrySetResult(line);
            }
        }
    }

    private sealed class Logger(CapturedLogs logs, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            logs.Add(new(category, logLevel, eventId, formatter(state, exception), exception));
    }
}
