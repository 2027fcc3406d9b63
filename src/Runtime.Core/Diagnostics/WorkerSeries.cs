using System.Runtime.InteropServices;

namespace Runtime.Core.Diagnostics;

/// <summary>Gives workers the labels of their series: a place among those that run now, not their id.</summary>
/// <remarks>
/// Ids are never used again, so a tuner that adds and removes workers for months would leave a dead series for each of them. Places are
/// used again; the new worker's counters go on where the old one's ended, so they only ever grow. An empty place shows no
/// utilization. Not thread safe: under the lock of the <see cref="SnapshotCache"/>.
/// </remarks>
internal sealed class WorkerSeries
{
    private readonly List<Place> _places = [];

    /// <summary>Takes in a snapshot.</summary>
    /// <param name="workers">The workers that have a thread now.</param>
    /// <param name="elapsed">The time since the call before.</param>
    /// <returns>One reading for every place that was ever taken.</returns>
    public IReadOnlyList<WorkerReading> Update(IReadOnlyList<WorkerSnapshot> workers, TimeSpan elapsed)
    {
        var byId = workers.ToDictionary(static worker => worker.Id);
        foreach (var place in _places.Where(place => place.WorkerId is { } id && !byId.ContainsKey(id)))
        {
            place.Leave();
        }

        foreach (var worker in workers)
        {
            PlaceOf(worker.Id).Read(worker);
        }

        return [.. _places.Select(place => place.Report(elapsed))];
    }

    private Place PlaceOf(int workerId)
    {
        var place = _places.Find(place => place.WorkerId == workerId) ?? _places.Find(static place => place.WorkerId is null);
        if (place is null)
        {
            _places.Add(place = new(_places.Count));
        }

        place.WorkerId = workerId;
        return place;
    }

    private sealed class Place(int number)
    {
        private readonly KeyValuePair<string, object?> _tag = new("worker", number);

        // What earlier workers of this place had counted when they left.
        private WorkerTotal _earlier;
        private WorkerTotal _present;
        private double _busyBefore;

        public int? WorkerId { get; set; }

        public void Read(WorkerSnapshot worker) => _present = WorkerTotal.Of(worker);

        public void Leave()
        {
            _earlier += _present;
            _present = default;
            WorkerId = null;
        }

        public WorkerReading Report(TimeSpan elapsed)
        {
            var total = _earlier + _present;
            var busy = total.Busy - _busyBefore;
            _busyBefore = total.Busy;
            return new(_tag, total, elapsed <= TimeSpan.Zero ? 0 : Math.Clamp(busy / elapsed.TotalSeconds, 0, 1));
        }
    }
}

/// <summary>One place's series.</summary>
internal sealed record WorkerReading(KeyValuePair<string, object?> Tag, WorkerTotal Total, double Utilization);

/// <summary>What a worker has counted.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct WorkerTotal(
    double Busy, long Executed, long LocalRuns, long SlotRuns, long StealAttempts, long Steals, long ItemsStolen, long Parks, long Overflows)
{
    public static WorkerTotal operator +(WorkerTotal left, WorkerTotal right) => new(
        left.Busy + right.Busy,
        left.Executed + right.Executed,
        left.LocalRuns + right.LocalRuns,
        left.SlotRuns + right.SlotRuns,
        left.StealAttempts + right.StealAttempts,
        left.Steals + right.Steals,
        left.ItemsStolen + right.ItemsStolen,
        left.Parks + right.Parks,
        left.Overflows + right.Overflows);

    public static WorkerTotal Of(WorkerSnapshot worker) => new(
        worker.Busy.TotalSeconds,
        worker.Executed,
        worker.LocalRuns,
        worker.SlotRuns,
        worker.StealAttempts,
        worker.Steals,
        worker.ItemsStolen,
        worker.Parks,
        worker.Overflows);
}
