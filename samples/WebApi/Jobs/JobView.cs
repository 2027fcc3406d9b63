using Runtime.Core;
using Runtime.Hosting;

namespace Samples.WebApi.Jobs;

/// <summary>What a client sees of a job.</summary>
/// <param name="Id">The id.</param>
/// <param name="Name">What kind of job it is.</param>
/// <param name="Status">Where it is in its life.</param>
/// <param name="Priority">The priority it was queued with.</param>
/// <param name="EnqueuedAt">When it was accepted.</param>
/// <param name="StartedAt">When it started, if it has.</param>
/// <param name="FinishedAt">When it ended, if it has.</param>
/// <param name="WaitedMs">How long it waited, or has waited so far, in milliseconds.</param>
/// <param name="RanMs">How long it ran, or has run so far, in milliseconds; nothing if it has not started.</param>
/// <param name="Result">What it found, if it has succeeded.</param>
/// <param name="Error">Why it failed or was cancelled, if it was.</param>
public sealed record JobView(
    Guid Id,
    string? Name,
    WorkStatus Status,
    TaskPriority Priority,
    DateTimeOffset EnqueuedAt,
    DateTimeOffset? StartedAt,
    DateTimeOffset? FinishedAt,
    double WaitedMs,
    double? RanMs,
    object? Result,
    string? Error)
{
    /// <summary>Looks at a job.</summary>
    /// <param name="handle">The job.</param>
    /// <param name="now">The present time, for what is still going on.</param>
    /// <returns>What there is to see.</returns>
    public static JobView Of(WorkHandle handle, DateTimeOffset now)
    {
        // The status first: what is read after a final status is final too.
        var status = handle.Status;
        var (started, finished) = (handle.StartedAt, handle.FinishedAt);
        return new(
            handle.Id,
            handle.Name,
            status,
            handle.Priority,
            handle.EnqueuedAt,
            started,
            finished,
            Milliseconds((started ?? finished ?? now) - handle.EnqueuedAt),
            started is null ? null : Milliseconds((finished ?? now) - started.Value),
            handle.Result,
            handle.Error?.Message ?? handle.CancellationReason);
    }

    private static double Milliseconds(TimeSpan time) => Math.Round(Math.Max(0, time.TotalMilliseconds), 3);
}
