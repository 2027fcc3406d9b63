using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Runtime.Hosting.Configuration;

namespace Runtime.Hosting.Jobs;

/// <summary>Runs one claimed job and says how the run ended. Nothing that a job does or throws comes out of here.</summary>
internal sealed class JobRunner(JobRegistry registry, IServiceScopeFactory scopes, LiveOptions options)
{
    // What is stored of an error: its text and where it came from, not a book.
    private const int LongestError = 4000;

    public async ValueTask<JobEnding> RunAsync(RunningJob run)
    {
        var lease = run.Claimed.Lease;
        if (!registry.TryGet(run.Name, out var descriptor))
        {
            return new(lease, JobEndingKind.Parked, $"No job named '{JobRules.Shown(run.Name)}' is registered in this process. Register it, or give its name as an alias to the job that took its place; it is then released.");
        }

        object? args;
        try
        {
            args = descriptor.ReadArguments(run.Claimed.Job.Arguments.Span, options.CurrentValue.Jobs.Json);
        }
        catch (Exception exception)
        {
            return new(lease, JobEndingKind.Parked, Short($"The stored arguments cannot be read: {Queues.Printable.Text(TextOf(exception, static thrown => thrown.Message))}")); // it quotes them
        }

        // The system's clock: a timer of the runtime calls back on a worker, which may be busy with the very job whose time is up.
        using var timer = run.Claimed.Job.Timeout is { } timeout
            ? TimeProvider.System.CreateTimer(static state => TimeIsUp((RunningJob)state!), run, timeout, Timeout.InfiniteTimeSpan)
            : null;
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            var outcome = await descriptor.RunAsync(scope.ServiceProvider, args, run, run.Token)
                ?? throw new InvalidOperationException($"The job returned null; it must return a {nameof(JobOutcome)}, such as {nameof(JobOutcome)}.{nameof(JobOutcome.Done)}.");
            return EndWith(outcome, run);
        }
        catch (Exception exception)
        {
            return EndWith(exception, run);
        }
    }

    private JobEnding EndWith(JobOutcome outcome, RunningJob run) => outcome.Kind switch
    {
        JobOutcomeKind.Done => Succeed(outcome, run),
        JobOutcomeKind.Retry => TryAgain(run, outcome.Delay, outcome.Reason),
        JobOutcomeKind.Snooze => new(run.Claimed.Lease, JobEndingKind.Snooze, Short(outcome.Reason)) { Delay = outcome.Delay },
        _ => new(run.Claimed.Lease, JobEndingKind.Cancelled, Short(outcome.Reason)),
    };

    private JobEnding Succeed(JobOutcome outcome, RunningJob run)
    {
        if (outcome.Result is null)
        {
            return new(run.Claimed.Lease, JobEndingKind.Succeeded);
        }

        var settings = options.CurrentValue.Jobs;
        var json = JsonSerializer.SerializeToUtf8Bytes(outcome.Result, outcome.Result.GetType(), settings.Json);
        return json.Length <= settings.MaxArgumentBytes
            ? new(run.Claimed.Lease, JobEndingKind.Succeeded) { Result = json }
            : throw new InvalidOperationException(string.Create(
                CultureInfo.InvariantCulture, $"The result of the job is {json.Length} bytes of JSON; Jobs:MaxArgumentBytes allows {settings.MaxArgumentBytes}. Store the data elsewhere and return its key."));
    }

    // Whatever a run throws after its token was cancelled is put down to that.
    private JobEnding EndWith(Exception exception, RunningJob run) => run.Cause switch
    {
        RunCancellation.Asked => new(run.Claimed.Lease, JobEndingKind.Cancelled, run.CancellationReason),
        RunCancellation.Stopping or RunCancellation.LeaseLost => new(run.Claimed.Lease, JobEndingKind.Interrupted, run.CancellationReason),
        RunCancellation.TimedOut => TryAgain(run, null, run.CancellationReason),
        _ => TryAgain(run, null, TextOf(exception, static thrown => thrown.ToString())),
    };

    private JobEnding TryAgain(RunningJob run, TimeSpan? delay, string? reason) => run.Attempt >= run.MaxAttempts
        ? new(run.Claimed.Lease, JobEndingKind.Failed, Short(reason))
        : new(run.Claimed.Lease, JobEndingKind.Retry, Short(reason)) { Delay = delay ?? RetryBackoff.After(run.Attempt, run.Claimed.Job.RetryDelay, options.CurrentValue.Jobs) };

    private static void TimeIsUp(RunningJob run) =>
        run.Cancel(RunCancellation.TimedOut, $"Its time was up: it may run for {run.Claimed.Job.Timeout:c}.");

    // An exception is code of the user's, and may throw when it is asked for its text. The run has ended all the same.
    private static string TextOf(Exception exception, Func<Exception, string> read)
    {
        try
        {
            return read(exception);
        }
        catch (Exception second)
        {
            return $"{exception.GetType()}, which threw {second.GetType()} when it was asked for its text.";
        }
    }

    private static string? Short(string? text) => text is { Length: > LongestError } ? text[..LongestError] : text;
}
