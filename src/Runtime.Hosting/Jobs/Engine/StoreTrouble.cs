using Microsoft.Extensions.Logging;

namespace Runtime.Hosting.Jobs;

/// <summary>Whether the store answers: what health says of it, and a line in the log when that changes.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed partial class StoreTrouble(ILogger logger)
{
    private string? _message;

    /// <summary>Gets what is wrong; <see langword="null"/> when the last call was answered.</summary>
    public string? Message => Volatile.Read(ref _message);

    /// <summary>How long to wait before a call is repeated: from a tenth of a second to five.</summary>
    public static TimeSpan Backoff(int failures) => TimeSpan.FromSeconds(Math.Min(5, 0.1 * Math.Pow(2, Math.Min(failures, 10))));

    public void Report(Exception exception, string what)
    {
        if (Interlocked.Exchange(ref _message, exception.Message) is null)
        {
            LogStoreFailed(what, exception);
        }
    }

    public void Over()
    {
        if (Volatile.Read(ref _message) is not null && Interlocked.Exchange(ref _message, null) is not null)
        {
            LogStoreAnswers();
        }
    }

    [LoggerMessage(EventIds.StoreFailed, LogLevel.Error, "The job store could not {What}. It is tried again until it answers; nothing that was acknowledged is lost.", EventName = nameof(EventIds.StoreFailed))]
    private partial void LogStoreFailed(string what, Exception exception);

    [LoggerMessage(EventIds.StoreAnswers, LogLevel.Information, "The job store answers again.", EventName = nameof(EventIds.StoreAnswers))]
    private partial void LogStoreAnswers();
}
