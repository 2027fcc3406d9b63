using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;

namespace Runtime.Hosting.Queues;

/// <summary>Opens the span and the log scope of an item; neither exists when nobody listens.</summary>
internal sealed class WorkTracer(ActivitySource source, ILogger logger, QueueClock clock)
{
    // An item that starts later than this after its enqueue was not waited for by anybody: its span is a root with a link, so that a
    // request's trace does not seem to have lasted for as long as the queue was.
    private static readonly TimeSpan ChildWithin = TimeSpan.FromSeconds(1);

    public WorkTrace Begin(WorkHandle entry)
    {
        var activity = source.HasListeners() ? StartActivity(entry) : null;

        // Whether any category is logged at all is not known here; this one at its highest level is the best guess.
        var scope = logger.IsEnabled(LogLevel.Critical) ? logger.BeginScope(new WorkLogScope(entry)) : null;
        return new WorkTrace(activity, scope);
    }

    private Activity? StartActivity(WorkHandle entry)
    {
        var parent = entry.Extras?.Parent ?? default;
        var isChild = !entry.IsDelayed && clock.ToSpan(entry.StartedTicks - entry.EnqueuedTicks) <= ChildWithin;
        var name = $"process {entry.Queue.Name}";
        var activity = parent == default || isChild
            ? source.StartActivity(name, ActivityKind.Consumer, parent)
            : source.StartActivity(name, ActivityKind.Consumer, default(ActivityContext), links: [new ActivityLink(parent)]);
        if (activity is { IsAllDataRequested: true })
        {
            activity.SetTag("async_runtime.queue", entry.Queue.Name);
            activity.SetTag("async_runtime.work.id", entry.Id);
            activity.SetTag("async_runtime.work.name", entry.Options.Name);
            activity.SetTag("async_runtime.work.priority", entry.Options.Priority.ToString());
        }

        return activity;
    }
}

/// <summary>The span and the log scope of an item that runs.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly struct WorkTrace(Activity? activity, IDisposable? scope)
{
    /// <summary>Closes both. Never throws.</summary>
    public void End(WorkStatus status, Exception? error)
    {
        if (activity is null && scope is null)
        {
            return;
        }

        try
        {
            scope?.Dispose();
            if (activity is null)
            {
                return;
            }

            activity.SetTag("async_runtime.work.outcome", QueueRecorder.OutcomeName(status));
            if (status == WorkStatus.Failed && error is not null)
            {
                activity.SetStatus(ActivityStatusCode.Error, error.Message);
                activity.AddException(error);
            }

            activity.Dispose();
        }
        catch (Exception)
        {
            // A listener's failure is not the work's.
        }
    }
}
