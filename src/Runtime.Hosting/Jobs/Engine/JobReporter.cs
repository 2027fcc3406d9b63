using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Runtime.Hosting.Queues;

namespace Runtime.Hosting.Jobs;

/// <summary>What runs of jobs tell the world: traces, metrics, log.</summary>
/// <remarks>Thread safe, and nothing here throws: a log sink or a listener that does must not reach a job, nor change how it ends.</remarks>
internal sealed partial class JobReporter(JobMetrics metrics, ILogger<JobReporter> logger) : IDisposable
{
    private readonly ActivitySource _source = new(QueueMetrics.MeterName);

    // A run that begins later than this after its enqueue was not waited for by anybody; see WorkTracer.
    private static readonly TimeSpan ChildWithin = TimeSpan.FromSeconds(1);

    public JobRunReport Begin(RunningJob run)
    {
        try
        {
            var activity = _source.HasListeners() ? StartActivity(run) : null;

            // Whether any category is logged at all is not known here; this one at its highest level is the best guess.
            var scope = logger.IsEnabled(LogLevel.Critical) ? logger.BeginScope(new JobLogScope(run)) : null;
            return new JobRunReport(this, run, activity, scope);
        }
        catch (Exception)
        {
            return new JobRunReport(this, run, null, null);
        }
    }

    public void Dispose() => _source.Dispose();

    public void Report(RunningJob run, JobEnding ending, TimeSpan duration)
    {
        try
        {
            metrics.Ended(run.Queue, ending.Kind, duration);
            switch (ending.Kind)
            {
                case JobEndingKind.Retry:
                    LogRetry(Printable.Text(run.Name), run.Id, run.Attempt, run.MaxAttempts, ending.Delay, Printable.Text(FirstLine(ending.Reason)));
                    break;
                case JobEndingKind.Failed:
                    LogFailed(Printable.Text(run.Name), run.Id, run.Attempt, ending.Reason);
                    break;
                case JobEndingKind.Parked:
                    LogParked(Printable.Text(run.Name), run.Id, ending.Reason);
                    break;
                default:
                    break;
            }
        }
        catch (Exception)
        {
            // There is nobody left to tell.
        }
    }

    /// <summary>Called when the end of a run is in the store.</summary>
    public void Ended(JobEnding ending)
    {
        if (logger.IsEnabled(LogLevel.Debug))
        {
            LogEnded(ending.Lease.Id, ending.Kind);
        }
    }

    // The first attempt soon after its enqueue belongs to the trace of the enqueue; a later one is a trace of its own with a link.
    private Activity? StartActivity(RunningJob run)
    {
        _ = ActivityContext.TryParse(run.Claimed.Job.TraceParent, null, isRemote: true, out var parent);
        var isChild = run.Attempt == 1 && run.Claimed.Job.Delay == TimeSpan.Zero && run.Claimed.Waited <= ChildWithin;
        var name = $"process {run.Name}";
        var activity = parent == default || isChild
            ? _source.StartActivity(name, ActivityKind.Consumer, parent)
            : _source.StartActivity(name, ActivityKind.Consumer, default(ActivityContext), links: [new ActivityLink(parent)]);
        if (activity is { IsAllDataRequested: true })
        {
            activity.SetTag("async_runtime.job.id", run.Id);
            activity.SetTag("async_runtime.job.name", run.Name);
            activity.SetTag("async_runtime.job.queue", run.Queue);
            activity.SetTag("async_runtime.job.attempt", run.Attempt);
        }

        return activity;
    }

    private static string? FirstLine(string? text) => text?.Split('\n', 2)[0];

    [LoggerMessage(EventIds.JobRetried, LogLevel.Warning, "The job '{JobName}' ({JobId}) failed in attempt {Attempt} of {MaxAttempts} and is tried again in {Delay}: {Error}", EventName = nameof(EventIds.JobRetried))]
    private partial void LogRetry(string? jobName, Guid jobId, int attempt, int maxAttempts, TimeSpan delay, string? error);

    [LoggerMessage(EventIds.JobFailed, LogLevel.Error, "The job '{JobName}' ({JobId}) failed for good in attempt {Attempt}; it stays among the failed jobs. {Error}", EventName = nameof(EventIds.JobFailed))]
    private partial void LogFailed(string? jobName, Guid jobId, int attempt, string? error);

    [LoggerMessage(EventIds.JobParked, LogLevel.Error, "The job '{JobName}' ({JobId}) is parked. {Reason}", EventName = nameof(EventIds.JobParked))]
    private partial void LogParked(string? jobName, Guid jobId, string? reason);

    [LoggerMessage(EventIds.JobEnded, LogLevel.Debug, "The run of job {JobId} ended: {Kind}.", EventName = nameof(EventIds.JobEnded))]
    private partial void LogEnded(Guid jobId, JobEndingKind kind);
}

/// <summary>The span and the log scope of one run.</summary>
internal sealed class JobRunReport(JobReporter reporter, RunningJob run, Activity? activity, IDisposable? scope)
{
    private readonly long _began = TimeProvider.System.GetTimestamp();

    public void End(JobEnding ending)
    {
        reporter.Report(run, ending, TimeProvider.System.GetElapsedTime(_began));
        try
        {
            scope?.Dispose();
            activity?.SetTag("async_runtime.job.outcome", JobMetrics.OutcomeName(ending.Kind));
            if (ending.Kind is JobEndingKind.Failed or JobEndingKind.Retry or JobEndingKind.Parked)
            {
                activity?.SetStatus(ActivityStatusCode.Error, ending.Reason);
            }

            activity?.Dispose();
        }
        catch (Exception)
        {
            // A listener's failure is not the job's.
        }
    }
}
