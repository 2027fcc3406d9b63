namespace Runtime.Core.Diagnostics;

/// <summary>Gives all instruments of one collection the same snapshot, and every collection a new one.</summary>
/// <remarks>
/// A collection asks one instrument after another and says neither when it begins nor when it ends. But it asks no instrument twice:
/// one that asks again belongs to a new collection. A snapshot also serves nobody for long, for listeners that read different
/// instruments; what is read anew for that reason still counts as the same collection.
/// </remarks>
internal sealed class SnapshotCache(Func<RuntimeSnapshot> read, TimeProvider clock)
{
    private static readonly TimeSpan LongestLife = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly WorkerSeries _workers = new();

    // Which instruments have been served, one bit each; under _lock.
    private UInt128 _served;
    private long _takenAt;

    // The latest; replaced under _lock.
    private Collected? _latest;

    /// <summary>Gets the snapshot of the collection that is under way.</summary>
    /// <param name="instrument">The number of the instrument that asks; 0 to 127.</param>
    public Collected Get(int instrument)
    {
        var bit = UInt128.One << instrument;
        lock (_lock)
        {
            var latest = _latest;
            var isNewCollection = latest is null || (_served & bit) != 0;
            if (latest is null || isNewCollection || clock.GetElapsedTime(_takenAt) > LongestLife)
            {
                var now = clock.GetTimestamp();
                var snapshot = read();
                var workers = _workers.Update(snapshot.Workers, latest is null ? TimeSpan.Zero : clock.GetElapsedTime(_takenAt, now));
                _latest = latest = new(snapshot, isNewCollection ? latest?.Current : latest?.Before, workers);
                _takenAt = now;
                _served = 0;
            }

            _served |= bit;
            return latest;
        }
    }
}

/// <summary>What one collection sees.</summary>
/// <param name="Current">The snapshot.</param>
/// <param name="Before">That of the collection before; none at the first.</param>
/// <param name="Workers">The series of the workers.</param>
internal sealed record Collected(RuntimeSnapshot Current, RuntimeSnapshot? Before, IReadOnlyList<WorkerReading> Workers);
