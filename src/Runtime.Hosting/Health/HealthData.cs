using Runtime.Core;
using Runtime.Core.Tuning;
using Runtime.Hosting.Jobs;
using Runtime.Hosting.Queues;

namespace Runtime.Hosting.Health;

/// <summary>The figures that go with the health of the runtime. Numbers and short names only: they are shown to whoever may see the endpoint.</summary>
internal static class HealthData
{
    public static IReadOnlyDictionary<string, object> Of(RuntimeSnapshot snapshot, IReadOnlyList<QueueSnapshot> queues, JobEngine jobs, Tuner tuner) => new Dictionary<string, object>(StringComparer.Ordinal)
    {
        ["state"] = snapshot.State.ToString(),
        ["workers"] = snapshot.Workers.Count,
        ["busyWorkers"] = snapshot.Workers.Count(static worker => worker.IsRunning),
        ["waiting"] = snapshot.QueueDepth.Sum(),
        ["longestWaitSeconds"] = snapshot.LongestWait.TotalSeconds,
        ["executed"] = snapshot.Executed,
        ["unhandledExceptions"] = snapshot.UnhandledExceptions,
        ["timers"] = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["active"] = snapshot.Timers.Active,
            ["fired"] = snapshot.Timers.Fired,
            ["overdueSeconds"] = snapshot.Timers.Overdue.TotalSeconds,
        },
        ["io"] = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["poller"] = snapshot.IO.Poller,
            ["registrations"] = snapshot.IO.Registrations,
            ["events"] = snapshot.IO.Events,
            ["unattendedSeconds"] = snapshot.IO.Unattended.TotalSeconds,
        },
        ["memory"] = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["allocatedBytes"] = snapshot.Memory.AllocatedBytes,
            ["rentedBytes"] = snapshot.Memory.RentedBytes,
            ["maxBytes"] = snapshot.Memory.MaxBytes,
            ["waiting"] = snapshot.Memory.Waiting,
        },
        ["cleanup"] = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["backlog"] = snapshot.Cleanup.Backlog,
            ["capacity"] = snapshot.Cleanup.Capacity,
            ["failed"] = snapshot.Cleanup.Failed,
            ["longestSliceSeconds"] = snapshot.Cleanup.LongestSlice.TotalSeconds,
        },
        ["topology"] = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["allowedProcessors"] = snapshot.Topology.AllowedProcessors,
            ["nodes"] = snapshot.Topology.Nodes,
            ["placedWorkers"] = snapshot.Topology.PlacedWorkers,
        },
        ["jobs"] = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["store"] = jobs.Store.Kind,
            ["durable"] = jobs.Store.IsDurable,
            ["running"] = jobs.Running,
            ["unwritten"] = jobs.Unwritten,
            ["cells"] = jobs.Cells,
        },
        ["tuner"] = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["frozen"] = tuner.Frozen ?? "",
            ["asleep"] = tuner.IsAsleep,
        },
        ["queues"] = queues.ToDictionary(static queue => queue.Name, static queue => (object)Of(queue), StringComparer.Ordinal),
    };

    private static Dictionary<string, object> Of(QueueSnapshot queue) => new(StringComparer.Ordinal)
    {
        ["queued"] = queue.Queued,
        ["capacity"] = queue.Capacity,
        ["running"] = queue.Running,
        ["maxConcurrency"] = queue.MaxConcurrency,
        ["oldestWaitSeconds"] = queue.OldestWait.TotalSeconds,
        ["accepted"] = queue.Accepted,
        ["succeeded"] = queue.Succeeded,
        ["failed"] = queue.Failed,
        ["cancelled"] = queue.Cancelled,
        ["dropped"] = queue.Dropped,
        ["rejected"] = queue.Rejected,
        ["rejectedLate"] = queue.RejectedLate,
        ["missedDeadlines"] = queue.MissedDeadlines,
    };
}
