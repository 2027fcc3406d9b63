using System.Collections.Concurrent;
using Runtime.Hosting.Jobs;

namespace Runtime.Jobs.Conformance;

/// <summary>Writes down what a store tells.</summary>
public sealed class RecordingListener : IJobStoreListener
{
    private int _arrivals;
    private int _schedules;

    public int Arrivals => Volatile.Read(ref _arrivals);

    public int Schedules => Volatile.Read(ref _schedules);

    public ConcurrentQueue<Guid> Ended { get; } = new();

    public ConcurrentQueue<(Guid Id, string? Reason)> Cancellations { get; } = new();

    public ConcurrentDictionary<Guid, bool> AwaitedJobs { get; } = new();

    public ConcurrentQueue<string> Losses { get; } = new();

    public IReadOnlyCollection<Guid> Awaited => [.. AwaitedJobs.Keys];

    public void LeasesLost(string reason) => Losses.Enqueue(reason);

    public void WorkArrived() => Interlocked.Increment(ref _arrivals);

    public void SchedulesChanged() => Interlocked.Increment(ref _schedules);

    public void JobEnded(Guid id) => Ended.Enqueue(id);

    public void CancellationRequested(Guid id, string? reason) => Cancellations.Enqueue((id, reason));
}
