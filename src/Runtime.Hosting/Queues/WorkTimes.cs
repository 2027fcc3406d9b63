namespace Runtime.Hosting.Queues;

/// <summary>Turns the timestamps of an item into dates, only when somebody reads them.</summary>
internal static class WorkTimes
{
    public static DateTimeOffset EnqueuedAt(WorkHandle entry) => entry.Queue.Clock.ToDate(entry.EnqueuedTicks);

    public static DateTimeOffset? StartedAt(WorkHandle entry)
    {
        // The tick is written before the status, so one that is read after a status past Queued is there. An item that never ran has none.
        var started = entry.Stage != WorkStatus.Queued ? entry.StartedTicks : 0;
        return started == 0 ? null : entry.Queue.Clock.ToDate(started);
    }

    public static DateTimeOffset? FinishedAt(WorkHandle entry) => entry.IsOver ? entry.Queue.Clock.ToDate(entry.FinishedTicks) : null;
}
