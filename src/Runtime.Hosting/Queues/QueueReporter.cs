using Microsoft.Extensions.Logging;
using Runtime.Core;

namespace Runtime.Hosting.Queues;

/// <summary>What one queue tells the world: traces, metrics, log.</summary>
/// <remarks>Thread safe, and nothing here throws: a log sink or a listener that does must not reach a worker, nor change an outcome. There is nobody left to tell of it.</remarks>
internal sealed class QueueReporter(string queue, ILogger logger, WorkTracer tracer, QueueRecorder recorder)
{
    public WorkTrace Started(WorkHandle entry, bool timed)
    {
        try
        {
            if (timed)
            {
                recorder.RecordWait(entry.Options.Priority, entry.StartedTicks - entry.ReadyAt);
            }

            return tracer.Begin(entry);
        }
        catch (Exception)
        {
            return default;
        }
    }

    /// <summary>Of an item that ended in its first stretch: the usual case, so no more than a histogram.</summary>
    public void Ran(WorkHandle entry, long ranTicks)
    {
        try
        {
            recorder.RecordRun(entry.Options.Priority, ranTicks);
        }
        catch (Exception)
        {
            // See the remarks.
        }
    }

    /// <summary>Of an item that ended after its deadline.</summary>
    public void Late(WorkHandle entry, long lateTicks)
    {
        try
        {
            recorder.RecordLateness(entry.Options.Priority, lateTicks);
        }
        catch (Exception)
        {
            // See the remarks.
        }
    }

    public void Ended(WorkHandle entry, WorkStatus status, Exception? error, long now, bool timed, WorkTrace trace)
    {
        if (timed)
        {
            Ran(entry, now - entry.StartedTicks);
        }

        if (status == WorkStatus.Failed)
        {
            Tell(LogLevel.Error, (this, entry, error), static s => s.Item1.Log.WorkFailed(s.error!, s.entry.Id, NameOf(s.entry), s.Item1.Queue));
        }
        else if (status == WorkStatus.Cancelled)
        {
            Cancelled(entry);
        }

        trace.End(status, error);
    }

    public void Cancelled(WorkHandle entry) =>
        Tell(LogLevel.Information, (this, entry), static s =>
            s.Item1.Log.WorkCancelled(s.entry.Id, NameOf(s.entry), s.Item1.Queue, Printable.Text(s.entry.Extras?.Reason) ?? "none given"));

    public void CallbackFailed(WorkHandle entry, Exception exception) =>
        Tell(LogLevel.Warning, (this, entry, exception), static s =>
            s.Item1.Log.CancellationCallbackFailed(s.exception, s.entry.Id, NameOf(s.entry), s.Item1.Queue));

    public void Dropped(long count, QueueFullMode mode) =>
        Tell(LogLevel.Warning, (this, count, mode), static s => s.Item1.Log.WorkDropped(s.count, s.Item1.Queue, s.mode));

    public void Stopped(ShutdownReport report) =>
        Tell(LogLevel.Information, (this, report), static s =>
        {
            var (completed, cancelled, abandoned, elapsed) = s.report;
            if (abandoned > 0)
            {
                s.Item1.Log.QueueAbandoned(s.Item1.Queue, completed, cancelled, abandoned, elapsed);
            }
            else
            {
                s.Item1.Log.QueueStopped(s.Item1.Queue, completed, cancelled, elapsed);
            }
        });

    private ILogger Log => logger;

    private string Queue => queue;

    private static string NameOf(WorkHandle entry) => Printable.Text(entry.Options.Name) ?? "(no name)";

    // The level is checked first: an id costs more than the check, and makes the item one to remember.
    private void Tell<TState>(LogLevel level, TState state, Action<TState> report)
    {
        try
        {
            if (logger.IsEnabled(level))
            {
                report(state);
            }
        }
        catch (Exception)
        {
            // See the remarks.
        }
    }
}
